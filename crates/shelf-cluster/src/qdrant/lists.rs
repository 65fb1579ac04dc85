//! What a plan names, looked up: numbers of words in the vocabulary, and the points that hold them.

use super::points::{Asked, HITS_MAX, Hit, Narrow};
use super::rows::{self, Head};
use super::words::{self, Key, Word};
use super::{ASKING, QdrantSearch};
use crate::postgres::{For, Within};
use shelf_domain::id::Scope;
use shelf_ports::Fault;
use shelf_ports::search::{CANDIDATES_MAX, Filter, Group, Phrase, Plan, Space};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Words of more documents are asked for in ranges of as many numbers: a list stays far below what
/// one answer may hold, however many points wait to be swept.
const RANGE: i64 = 4_096;
/// Most ranges of one word: of 262,144 numbers, the newest.
const RANGES_MAX: usize = 64;
/// Most lists one search may ask for: hundreds of frequent words of a very large library.
const LISTS_MAX: usize = 4_096;
/// Up to this many documents every cosine is looked at.
pub(super) const EXACT_MAX: i64 = 4_096;
/// How many are looked for by meaning where there are more, at least, and for each one asked for.
const NEAR_TIMES: usize = 4;
/// Most points a question is narrowed to by name.
const AMONG_MAX: usize = 10_000;

/// A set of points.
pub(super) type Set = HashSet<i64>;

/// What a library knows of what a plan names, at one edition.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) head: Head,
    known: HashMap<Key, Word>,
}

/// The points that hold what a plan names.
#[derive(Debug, Default)]
pub(super) struct Lists {
    of: HashMap<Key, Vec<Hit>>,
    /// Those near to what the plan means, with their cosines.
    pub(super) near: Vec<Hit>,
    /// Whether those cosines are ours, of all that may be found.
    pub(super) is_exact: bool,
}

impl Terms {
    /// Looks up what `plan` names; `None` for a library that holds nothing.
    pub(super) async fn look_up(
        index: &QdrantSearch,
        scope: Scope,
        plan: &Plan,
    ) -> Result<Option<Self>, Fault> {
        let mut connection = index.records.connection().await?;
        let within = Within::enter(&mut connection, scope, ASKING, For::OneMoment).await?;
        let Some(within) = within else { return Ok(None) };
        let terms = Self::look_up_in(&within, &index.version, plan).await?;
        within.commit().await?;
        Ok(terms)
    }

    /// The same, within a transaction.
    pub(super) async fn look_up_in(
        within: &Within<'_>,
        version: &str,
        plan: &Plan,
    ) -> Result<Option<Self>, Fault> {
        let Some(head) = rows::head_in(within, version).await? else { return Ok(None) };
        let labels = plan.filter.labels.iter().chain(&plan.filter.without_labels);
        let labels = labels.chain(plan.filter.any_labels.iter().flatten());
        let labels = labels.map(|label| words::label(label));
        let keys: Vec<Key> = terms_of(plan).into_iter().chain(labels).collect();
        let known = words::known(within, &keys).await?;
        Ok(Some(Self { head, known }))
    }

    /// The number of a term; `None` if no document holds it.
    pub(super) fn id(&self, key: &Key) -> Option<i64> {
        self.known.get(key).map(|word| word.id)
    }

    /// The numbers of `labels`; `None` stands for one that no document has.
    pub(super) fn labels(&self, labels: &[String]) -> Vec<Option<i32>> {
        let id = |label: &String| i32::try_from(self.id(&words::label(label))?).ok();
        labels.iter().map(id).collect()
    }

    /// Whether the library is so small that every cosine is looked at.
    pub(super) fn is_small(&self) -> bool {
        self.head.documents <= EXACT_MAX
    }

    fn asked(&self, word: Word) -> Vec<Asked> {
        let Ok(term) = u32::try_from(word.id) else { return Vec::new() };
        if word.documents <= RANGE {
            return vec![Asked { term, numbers: None }];
        }
        let ranges = (0..=self.head.highest / RANGE).rev().take(RANGES_MAX);
        ranges.map(|nth| Asked { term, numbers: Some((nth * RANGE, (nth + 1) * RANGE)) }).collect()
    }
}

impl Lists {
    /// Whether `plan` names or means anything: else the rows answer alone.
    pub(super) fn are_asked_for(plan: &Plan) -> bool {
        plan.vector.is_some() || !terms_of(plan).is_empty()
    }

    /// The lists of a walk over the rows.
    pub(super) fn met(of: HashMap<Key, Vec<Hit>>) -> Self {
        Self { of, near: Vec::new(), is_exact: true }
    }

    /// Asks Qdrant for all that `plan` names and means; `None` if what it holds cannot be whole.
    pub(super) async fn ask(
        index: &QdrantSearch,
        scope: Scope,
        plan: &Plan,
        terms: &Terms,
    ) -> Result<Option<Self>, Fault> {
        let (mut keys, mut asked) = (Vec::new(), Vec::new());
        for key in terms_of(plan) {
            let Some(word) = terms.known.get(&key) else { continue };
            for one in terms.asked(*word) {
                keys.push(key.clone());
                asked.push(one);
            }
        }
        if asked.len() > LISTS_MAX {
            return Err(Fault::new(ASKING, "too many frequent words in one search"));
        }
        let mut lists = Self::default();
        if !asked.is_empty() {
            let Some(found) = index.points.holding(scope.library, &asked).await? else {
                return Ok(None);
            };
            if found.iter().any(|list| list.len() >= HITS_MAX) {
                return Ok(None);
            }
            for (key, list) in keys.into_iter().zip(found) {
                lists.of.entry(key).or_default().extend(list);
            }
        }
        let is_near = lists.ask_near(index, scope, plan, terms).await?;
        Ok(is_near.then_some(lists))
    }

    /// Asks for what is near; `false` if Qdrant cannot be whole.
    async fn ask_near(
        &mut self,
        index: &QdrantSearch,
        scope: Scope,
        plan: &Plan,
        terms: &Terms,
    ) -> Result<bool, Fault> {
        let Some(vector) = plan.vector.as_ref().filter(|_| plan.ranking.meaning > 0.0) else {
            return Ok(true);
        };
        let small = terms.is_small();
        let narrow = (!small).then(|| self.narrow(&plan.filter, terms));
        let most = if small { HITS_MAX } else { CANDIDATES_MAX.max(plan.limit * NEAR_TIMES) };
        let near = index.points.nearest(scope.library, vector, narrow.as_ref(), most).await?;
        let Some(near) = near.filter(|near| !small || near.len() < most) else { return Ok(false) };
        self.near = near;
        Ok(true)
    }

    /// As much of `filter` as Qdrant can hold to; all of it is held to by the rows.
    fn narrow(&self, filter: &Filter, terms: &Terms) -> Narrow {
        let mut among: Option<Set> = None;
        for group in &filter.groups {
            meet(&mut among, self.group(group));
        }
        for phrase in &filter.phrases {
            meet(&mut among, self.holding_all(phrase));
        }
        let among = among.filter(|among| among.len() <= AMONG_MAX);
        let labels = terms.labels(&filter.labels).into_iter();
        Narrow {
            // No document has the label that stands for one that is unknown.
            labels: labels.map(|id| id.unwrap_or(-1)).collect(),
            without_labels: terms.labels(&filter.without_labels).into_iter().flatten().collect(),
            flags: filter.flags,
            without_flags: filter.without_flags,
            from_ms: filter.from_ms,
            until_ms: filter.until_ms,
            among: among.map(|among| among.into_iter().collect()),
        }
    }

    /// The points that hold a term, with what it weighs there.
    pub(super) fn holding(&self, space: Space, term: &str) -> &[Hit] {
        self.of.get(&words::key(space, term)).map_or(&[], Vec::as_slice)
    }

    /// The points that hold any alternative of `group`.
    pub(super) fn group(&self, group: &Group) -> Set {
        let lists = group.alternatives.iter().map(|one| self.holding(one.space, &one.term));
        lists.flatten().map(|(point, _)| *point).collect()
    }

    /// The points that hold every word of `phrase`, wherever.
    pub(super) fn holding_all(&self, phrase: &Phrase) -> Set {
        let mut all: Option<Set> = None;
        for word in &phrase.0 {
            let list = self.holding(Space::Word, word);
            meet(&mut all, list.iter().map(|(point, _)| *point).collect());
        }
        all.unwrap_or_default()
    }
}

/// Keeps of `all` what is in `set`, too; nothing was asked before if it is `None`.
pub(super) fn meet(all: &mut Option<Set>, set: Set) {
    match all {
        Some(all) => all.retain(|point| set.contains(point)),
        None => *all = Some(set),
    }
}

/// Every term a plan names, once.
pub(super) fn terms_of(plan: &Plan) -> BTreeSet<Key> {
    let filter = &plan.filter;
    let groups = plan.groups.iter().chain(&filter.groups).chain(&filter.without_groups);
    let terms = groups.flat_map(|group| &group.alternatives);
    let terms = terms.map(|one| words::key(one.space, &one.term));
    let phrases = filter.phrases.iter().chain(&filter.without_phrases);
    let in_phrases = phrases.flat_map(|phrase| &phrase.0);
    terms.chain(in_phrases.map(|word| words::key(Space::Word, word))).collect()
}
