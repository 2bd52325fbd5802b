//! Side by side: contenders take turns in one process, and what is printed are their ratios.

use std::hint::black_box;
use std::time::Duration;

use cpu_time::ThreadTime;

/// One way of doing the job.
pub(crate) struct Contender<'a> {
    name: &'a str,
    job: Box<dyn FnMut() + 'a>,
    took: Vec<Duration>,
}

impl<'a> Contender<'a> {
    pub(crate) fn new<T>(name: &'a str, mut job: impl FnMut() -> T + 'a) -> Self {
        // What a job makes is dropped within its time: a value that is dear to drop is dear.
        Self { name, job: Box::new(move || drop(black_box(job()))), took: Vec::new() }
    }

    fn turn(&mut self) {
        // Once without counting: caches and heap are then as this contender leaves them, not as the one before did.
        (self.job)();
        // Time of this thread on a processor, so that other programs on the machine do not count.
        let start = ThreadTime::now();
        (self.job)();
        self.took.push(start.elapsed());
    }

    /// The milliseconds of one round, of all in order of their time.
    fn at(&self, place: usize) -> f64 {
        let mut sorted = self.took.clone();
        sorted.sort();
        sorted.get(place).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
    }
}

/// What the first contender may take, as a multiple of another's time.
pub(crate) struct Limit {
    pub(crate) against: usize,
    pub(crate) ratio: f64,
}

/// Lets the contenders take turns and prints a table. Says whether the first kept within every limit.
///
/// Ratios are those of the medians: a few rounds are lucky, with everything just where it is needed, and a few are
/// disturbed. The best rounds stand beside them.
#[must_use]
pub(crate) fn race(title: &str, rounds: usize, contenders: &mut [Contender<'_>], limits: &[Limit]) -> bool {
    for _ in 0..rounds {
        contenders.iter_mut().for_each(Contender::turn);
    }
    println!("{title}: thread time of {rounds} rounds in turn");
    println!("{:<34} {:>12} {:>12} {:>8}", "", "best, ms", "median, ms", "ratio");
    for contender in contenders.iter() {
        let ratio = ratio(&contenders[0], contender);
        let (best, median) = (contender.at(0), contender.at(rounds / 2));
        println!("{:<34} {best:>12.3} {median:>12.3} {ratio:>8.2}", contender.name);
    }
    let mut kept = true;
    for limit in limits {
        let (ratio, other) = (ratio(&contenders[0], &contenders[limit.against]), contenders[limit.against].name);
        let within = ratio <= limit.ratio;
        kept &= within;
        let verdict = if within { "kept" } else { "EXCEEDED" };
        println!("{verdict}: {ratio:.2} of `{other}`, at most {:.2}", limit.ratio);
    }
    println!();
    kept
}

/// How many times the other's time one takes, each in its median round.
fn ratio(one: &Contender<'_>, other: &Contender<'_>) -> f64 {
    one.at(one.took.len() / 2) / other.at(other.took.len() / 2)
}
