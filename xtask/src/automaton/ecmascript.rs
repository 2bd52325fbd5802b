//! Patterns as ECMAScript reads them, which is what those of `OpenAPI` are, for an engine that reads some of them
//! otherwise.

use anyhow::{Result, anyhow};
use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{
    AssertionKind, Ast, ClassBracketed, ClassPerl, ClassPerlKind, ClassSet, ClassSetBinaryOp, ClassSetItem, GroupKind,
    HexLiteralKind, Literal, LiteralKind, Repetition, Span, SpecialLiteralKind, Visitor, visit,
};
use regex_syntax::hir::Hir;

/// The expression that a pattern is to ECMAScript. What the engine would read differently is put into words that both
/// have, or refused by name.
pub(super) fn read(pattern: &str) -> Result<Hir> {
    let ast = Parser::new().parse(pattern).map_err(|error| refusal(pattern, *error.span(), error.kind()))?;
    let mut plain = pattern.to_owned();
    for (span, words) in visit(&ast, Reader { pattern, differs: Vec::new() })?.iter().rev() {
        plain.replace_range(span.start.offset..span.end.offset, words);
    }
    Ok(regex_syntax::parse(&plain)?)
}

fn refusal(pattern: &str, span: Span, why: impl std::fmt::Display) -> anyhow::Error {
    let what = pattern.get(span.start.offset..span.end.offset).unwrap_or(pattern);
    anyhow!(
        "`{what}`: {why}; say the same in a correction without look-around, back-references, flags, blanks in counts, \
         `\\s`, `\\b` and classes of Unicode, or remove the pattern there"
    )
}

/// Goes through a pattern from left to right. What it does not know is refused, so that nothing slips through.
struct Reader<'a> {
    pattern: &'a str,
    /// What the engine reads differently, with words that it reads as they are meant.
    differs: Vec<(Span, &'static str)>,
}

impl Reader<'_> {
    fn refuse(&self, span: Span) -> Result<()> {
        Err(refusal(self.pattern, span, "this is not read as ECMAScript means it"))
    }

    fn literal(&self, literal: &Literal) -> Result<()> {
        match literal.kind {
            LiteralKind::Special(SpecialLiteralKind::Bell | SpecialLiteralKind::Space)
            | LiteralKind::Octal
            | LiteralKind::HexFixed(HexLiteralKind::UnicodeLong)
            | LiteralKind::HexBrace(_) => self.refuse(literal.span),
            LiteralKind::Verbatim
            | LiteralKind::Meta
            | LiteralKind::Superfluous
            | LiteralKind::HexFixed(_)
            | LiteralKind::Special(_) => Ok(()),
        }
    }

    /// Digits and letters are those of ASCII to ECMAScript, and of all Unicode to the engine.
    fn shorthand(&mut self, class: &ClassPerl) -> Result<()> {
        let words = match (&class.kind, class.negated) {
            (ClassPerlKind::Digit, false) => "[0-9]",
            (ClassPerlKind::Digit, true) => "[^0-9]",
            (ClassPerlKind::Word, false) => "[0-9A-Za-z_]",
            (ClassPerlKind::Word, true) => "[^0-9A-Za-z_]",
            (ClassPerlKind::Space, _) => return self.refuse(class.span),
        };
        self.differs.push((class.span, words));
        Ok(())
    }

    /// Counts with blanks are text to ECMAScript.
    fn repetition(&self, repetition: &Repetition) -> Result<()> {
        let span = repetition.op.span;
        let words = &self.pattern[span.start.offset..span.end.offset];
        if words.contains(char::is_whitespace) { self.refuse(span) } else { Ok(()) }
    }

    /// A bracket that comes first closes the class to ECMAScript, and of two hyphens the first may begin a range.
    fn brackets(&self, class: &ClassBracketed) -> Result<()> {
        let ClassSet::Item(item) = &class.kind else { return self.refuse(class.span) };
        let items =
            if let ClassSetItem::Union(union) = item { union.items.as_slice() } else { std::slice::from_ref(item) };
        let bare = |wanted| {
            let is = |item: &&ClassSetItem| match item {
                ClassSetItem::Literal(literal) => literal.kind == LiteralKind::Verbatim && literal.c == wanted,
                ClassSetItem::Range(range) => range.start.kind == LiteralKind::Verbatim && range.start.c == wanted,
                _ => false,
            };
            items.iter().filter(is).count()
        };
        if bare(']') > 0 || bare('-') > 1 { self.refuse(class.span) } else { Ok(()) }
    }
}

impl Visitor for Reader<'_> {
    type Output = Vec<(Span, &'static str)>;
    type Err = anyhow::Error;

    fn finish(self) -> Result<Self::Output> {
        Ok(self.differs)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<()> {
        match ast {
            Ast::Empty(_) | Ast::Alternation(_) | Ast::Concat(_) => Ok(()),
            Ast::Repetition(repetition) => self.repetition(repetition),
            Ast::Literal(literal) => self.literal(literal),
            Ast::Dot(span) => {
                // To the engine `\n` alone ends a line.
                self.differs.push((**span, r"[^\n\r\u2028\u2029]"));
                Ok(())
            }
            Ast::ClassPerl(class) => self.shorthand(class),
            Ast::ClassBracketed(class) => self.brackets(class),
            Ast::Assertion(edge) if matches!(edge.kind, AssertionKind::StartLine | AssertionKind::EndLine) => Ok(()),
            Ast::Group(group) => match &group.kind {
                GroupKind::NonCapturing(flags) if !flags.items.is_empty() => self.refuse(flags.span),
                GroupKind::CaptureName { starts_with_p: true, .. } => self.refuse(group.span),
                GroupKind::CaptureIndex(_) | GroupKind::CaptureName { .. } | GroupKind::NonCapturing(_) => Ok(()),
            },
            Ast::Assertion(_) | Ast::Flags(_) | Ast::ClassUnicode(_) => self.refuse(*ast.span()),
        }
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<()> {
        match item {
            ClassSetItem::Empty(_) | ClassSetItem::Union(_) => Ok(()),
            ClassSetItem::Literal(literal) => self.literal(literal),
            ClassSetItem::Range(range) => self.literal(&range.start).and_then(|()| self.literal(&range.end)),
            ClassSetItem::Perl(class) => self.shorthand(class),
            ClassSetItem::Ascii(_) | ClassSetItem::Unicode(_) | ClassSetItem::Bracketed(_) => self.refuse(*item.span()),
        }
    }

    fn visit_class_set_binary_op_pre(&mut self, operation: &ClassSetBinaryOp) -> Result<()> {
        self.refuse(operation.span)
    }
}
