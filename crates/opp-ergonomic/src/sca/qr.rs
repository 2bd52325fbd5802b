//! QR codes for what [`Step::ShowQr`](super::Step::ShowQr) says: for a page, for an image, for a terminal.

use opp_raw::Invalid;
use qrcode::render::{svg, unicode};
use qrcode::{Color, EcLevel, QrCode};

/// The light border that readers need, in modules.
const BORDER: usize = 4;

fn code(payload: &str) -> Result<QrCode, Invalid> {
    QrCode::with_error_correction_level(payload, EcLevel::M)
        .map_err(|_| Invalid::new("is longer than a QR code can be").within("payload"))
}

/// More pixels a side than anybody can want.
const LARGEST: u32 = 1 << 16;

/// An `<svg>` of at least this many pixels a side, up to 65,536.
pub fn svg(payload: &str, side: u32) -> Result<String, Invalid> {
    Ok(code(payload)?.render::<svg::Color<'_>>().min_dimensions(side.min(LARGEST), side.min(LARGEST)).build())
}

/// Text for a terminal, two modules to a line of it, light on dark.
pub fn terminal(payload: &str) -> Result<String, Invalid> {
    let mut drawing = code(payload)?.render::<unicode::Dense1x2>().quiet_zone(true).build();
    drawing.push('\n');
    Ok(drawing)
}

/// A PNG in which a module is this many pixels wide.
pub fn png(payload: &str, scale: u8) -> Result<Vec<u8>, Invalid> {
    let code = code(payload)?;
    let (scale, width, colours) = (usize::from(scale.max(1)), code.width(), code.to_colors());
    let side = (width + 2 * BORDER) * scale;
    let dark = |x: usize, y: usize| {
        let module = |at: usize| (at / scale).checked_sub(BORDER).filter(|at| *at < width);
        module(x).zip(module(y)).is_some_and(|(x, y)| colours.get(y * width + x) == Some(&Color::Dark))
    };
    let pixels: Vec<u8> = (0..side * side).map(|at| if dark(at % side, at / side) { 0 } else { 255 }).collect();
    write(side, &pixels).ok_or_else(|| Invalid::new("cannot be drawn").within("payload"))
}

fn write(side: usize, pixels: &[u8]) -> Option<Vec<u8>> {
    let side = u32::try_from(side).ok()?;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOAD: &str = "bankid:///?autostarttoken=46f6aa68-a520-49d8-9be7-f0726d038c26";

    #[test]
    fn all_three_forms_draw_the_same_code() {
        let colours = code(PAYLOAD).unwrap().to_colors();
        let width = code(PAYLOAD).unwrap().width();
        let mut reader = png::Decoder::new(std::io::Cursor::new(png(PAYLOAD, 1).unwrap())).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        let side = width + 2 * BORDER;
        assert_eq!(pixels.len(), side * side);
        for (at, colour) in colours.iter().enumerate() {
            let pixel = pixels[(at / width + BORDER) * side + at % width + BORDER];
            assert_eq!(pixel == 0, *colour == Color::Dark);
        }
        assert!(svg(PAYLOAD, 200).unwrap().contains("<svg"));
        let lines = terminal(PAYLOAD).unwrap();
        assert_eq!(lines.trim_end_matches('\n').lines().count(), side.div_ceil(2));
    }

    #[test]
    fn what_is_too_long_is_refused() {
        assert_eq!(svg(&"x".repeat(5000), 200).unwrap_err().field(), "payload");
    }
}
