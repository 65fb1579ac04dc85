//! The exam of the audit logs: each is one chain, whoever writes.

use shelf_domain::audit::{Chain, Deed, Record, Sealed};
use shelf_domain::id::{DeviceId, PersonId, TenantId};
use shelf_ports::audit::Audit;

/// Sits the whole exam of [`Audit`].
pub async fn exam(audit: &dyn Audit) {
    let (ours, theirs) = (TenantId::from_bytes([0xa1; 16]), TenantId::from_bytes([0xa2; 16]));
    an_empty_log_begins_a_chain(audit, ours).await;
    what_was_put_is_kept_as_it_was(audit, ours).await;
    whoever_writes_at_once_makes_one_chain(audit, ours, theirs).await;
    pages_lead_through_a_log_both_ways(audit, ours).await;
}

fn record(of: u8) -> Record {
    Record {
        at: 1_790_000_000_000 + i64::from(of),
        deed: Deed::ALL[usize::from(of) % Deed::ALL.len()].0,
        person: PersonId::from_bytes([of; 16]),
        grant: of.is_multiple_of(2).then(|| DeviceId::from_bytes([of; 16])),
        subject: of.is_multiple_of(3).then_some([of; 16]),
        detail: "x".repeat(usize::from(of % 5)),
    }
}

/// The whole log, if it holds.
async fn whole(audit: &dyn Audit, tenant: TenantId) -> Vec<Sealed> {
    let all = audit.records_after(tenant, 0, 1_000).await.unwrap();
    let mut chain = Chain::of(tenant);
    for sealed in &all {
        chain.follow(sealed).unwrap();
    }
    assert_eq!(audit.end_of_records(tenant).await.unwrap(), chain);
    all
}

async fn an_empty_log_begins_a_chain(audit: &dyn Audit, tenant: TenantId) {
    assert_eq!(audit.end_of_records(tenant).await.unwrap(), Chain::of(tenant));
    assert!(whole(audit, tenant).await.is_empty());
}

async fn what_was_put_is_kept_as_it_was(audit: &dyn Audit, tenant: TenantId) {
    let mut chain = Chain::of(tenant);
    for of in 0..8 {
        let sealed = audit.put_record(tenant, record(of)).await.unwrap();
        assert_eq!(sealed, chain.put(record(of)), "the seal is that of the law");
    }
    let all: Vec<_> = whole(audit, tenant).await.into_iter().map(|one| one.record).collect();
    assert_eq!(all, (0..8).map(record).collect::<Vec<_>>());
}

async fn whoever_writes_at_once_makes_one_chain(audit: &dyn Audit, a: TenantId, b: TenantId) {
    let put = |of: u8| audit.put_record(if of.is_multiple_of(2) { a } else { b }, record(of));
    for of in [0, 6, 12] {
        let (one, two, three) = tokio::join!(put(of), put(of + 2), put(of + 1));
        let (four, five, six) = tokio::join!(put(of + 4), put(of + 3), put(of + 5));
        for sealed in [one, two, three, four, five, six] {
            sealed.unwrap();
        }
    }
    assert_eq!(whole(audit, a).await.len(), 17);
    assert_eq!(whole(audit, b).await.len(), 9, "each tenant has its own");
}

async fn pages_lead_through_a_log_both_ways(audit: &dyn Audit, tenant: TenantId) {
    let all = whole(audit, tenant).await;
    let (mut forth, mut back): (Vec<Sealed>, Vec<Sealed>) = (Vec::new(), Vec::new());
    for _ in 0..=all.len() / 5 {
        let after = forth.last().map_or(0, |one| one.n);
        forth.extend(audit.records_after(tenant, after, 5).await.unwrap());
        let before = back.last().map(|one| one.n);
        back.extend(audit.records_before(tenant, before, 5).await.unwrap());
    }
    assert_eq!(forth, all);
    back.reverse();
    assert_eq!(back, all);
}
