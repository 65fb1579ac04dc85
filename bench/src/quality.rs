//! Search quality: known-item queries from real lists, and public sets with human judgements.
//!
//! Weights are chosen on one half of the known-item queries and reported on the other; the printed
//! Markdown is the body of `docs/QUALITY.md`.

mod known;
mod judged;
mod library;
mod metrics;

use anyhow::Result;
use library::Library;
use metrics::{Interval, mean, paired_bootstrap};
use shelf_bookmarks::search::plan::{Mode, Tuning};

/// Worths of meaning that are tried on the first half.
const MEANINGS: [f32; 7] = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];

/// Runs everything and prints the tables.
pub(crate) async fn run() -> Result<()> {
    let sets = known::sets()?;
    println!("| known item | queries | words MRR@10 | meaning | hybrid | hybrid - words (95 %) |");
    println!("|---|---|---|---|---|---|");
    for set in &sets {
        let library = Library::of(&set.lines).await?;
        let chosen = choose(&library, set).await?;
        report(&library, set, chosen).await?;
    }
    println!();
    println!("| judged set | queries | words nDCG@10 | hybrid | ratio |");
    println!("|---|---|---|---|---|");
    for name in ["cranfield", "cisi", "npl_vaswani"] {
        judged::run(name).await?;
    }
    Ok(())
}

/// The worth of meaning that is best on the first half; printed, not used: [`Tuning::CHOSEN`] is.
async fn choose(library: &Library, set: &known::Set) -> Result<f32> {
    let mut best = (0.0, 0.0);
    let mut line = String::new();
    for meaning in MEANINGS {
        let tuning = Tuning { meaning, ..Tuning::CHOSEN };
        let half: Vec<&known::Asked> = set.asked.iter().filter(|asked| asked.first_half).collect();
        let mut ranks = Vec::new();
        for asked in half {
            ranks.push(library.reciprocal(&asked.text, Mode::Hybrid, &tuning, asked.target).await?);
        }
        let mrr = mean(&ranks);
        line = format!("{line} {meaning:.1}: {mrr:.3}");
        if mrr > best.1 {
            best = (meaning, mrr);
        }
    }
    eprintln!("{}, first half, by worth of meaning:{line}", set.name);
    Ok(best.0)
}

async fn report(library: &Library, set: &known::Set, chosen: f32) -> Result<()> {
    let tuning = Tuning::CHOSEN;
    for (label, apart) in [("all", false), ("no word of the title", true)] {
        let second = set.asked.iter().filter(|asked| !asked.first_half && (!apart || asked.apart));
        let (mut words, mut meaning, mut hybrid) = (Vec::new(), Vec::new(), Vec::new());
        for asked in second {
            words.push(library.reciprocal(&asked.text, Mode::Words, &tuning, asked.target).await?);
            meaning
                .push(library.reciprocal(&asked.text, Mode::Meaning, &tuning, asked.target).await?);
            hybrid
                .push(library.reciprocal(&asked.text, Mode::Hybrid, &tuning, asked.target).await?);
        }
        let Interval { low, middle, high } = paired_bootstrap(&hybrid, &words);
        println!(
            "| {}, {label} | {} | {:.3} | {:.3} | **{:.3}** | {middle:+.3} ({low:+.3} to {high:+.3}) |",
            set.name,
            words.len(),
            mean(&words),
            mean(&meaning),
            mean(&hybrid),
        );
    }
    eprintln!("{}: {chosen:.1} is best on the first half, {:.1} is used", set.name, tuning.meaning);
    Ok(())
}
