//! The exam of usage: plans that were given, what was spent by day, and what a tenant holds.

use crate::desk::Desk;
use shelf_domain::id::{LibraryId, TenantId};
use shelf_domain::plan::{Day, Plan, Stock};
use shelf_ports::accounts::{Accounts, LibraryInfo};
use shelf_ports::library::Library;
use shelf_ports::privacy::Privacy;
use shelf_ports::tenants::Tenants;
use shelf_ports::usage::{Spent, Usage};

/// Whatever keeps tenants, what is in their libraries, and what they use.
pub trait Store: Accounts + Tenants + Library + Privacy + Usage {}

impl<S: Accounts + Tenants + Library + Privacy + Usage> Store for S {}

/// The day an exam is held on.
const TODAY: Day = Day(20_700);

/// Sits the whole exam of [`Usage`] over a store that may hold anything else.
pub async fn exam<S: Store>(store: &S) {
    a_plan_is_given_changed_and_taken_back(store).await;
    what_is_spent_is_added_up_by_day(store).await;
    of_many_at_once_none_is_lost(store).await;
    what_a_tenant_holds_is_counted(store).await;
    tenants_are_told_page_by_page(store).await;
    all_of_it_goes_with_its_tenant(store).await;
}

fn spent(tenant: TenantId, day: Day, tenths: i64) -> Spent {
    Spent { tenant, day, tenths }
}

async fn a_plan_is_given_changed_and_taken_back<S: Store>(store: &S) {
    let (ada, ben) = (Desk::new(store, 841).await, Desk::new(store, 842).await);
    let (tenant, other) = (ada.scope.tenant, ben.scope.tenant);
    assert_eq!(store.plan(tenant).await.unwrap(), None);
    for plan in Plan::ALL {
        assert!(store.give_plan(tenant, Some(plan)).await.unwrap());
        assert_eq!(store.plan(tenant).await.unwrap(), Some(plan));
        assert_eq!(store.plan(other).await.unwrap(), None, "another's is another's");
    }
    for _ in 0..2 {
        assert!(store.give_plan(tenant, None).await.unwrap());
        assert_eq!(store.plan(tenant).await.unwrap(), None);
    }
    let nobody = TenantId::from_bytes([0xee; 16]);
    assert!(!store.give_plan(nobody, Some(Plan::Team)).await.unwrap());
    assert_eq!(store.plan(nobody).await.unwrap(), None);
    store.give_plan(tenant, Some(Plan::Personal)).await.unwrap();
}

async fn what_is_spent_is_added_up_by_day<S: Store>(store: &S) {
    let (ada, ben) = (Desk::new(store, 843).await, Desk::new(store, 844).await);
    let (tenant, other, nobody) =
        (ada.scope.tenant, ben.scope.tenant, TenantId::from_bytes([0xee; 16]));
    let yesterday = TODAY.before(1);
    let asked = [
        spent(nobody, TODAY, 9),
        spent(tenant, TODAY, 30),
        spent(other, TODAY, 5),
        spent(tenant, yesterday, 7),
    ];
    let told = store.spend(&asked).await.unwrap();
    assert_eq!(told, asked[1..], "in the same order, without who is not there");
    let told = store.spend(&[spent(tenant, TODAY, 12), spent(other, TODAY, -2)]).await.unwrap();
    assert_eq!(told, [spent(tenant, TODAY, 42), spent(other, TODAY, 3)]);
    let told = store.spend(&[spent(other, TODAY, -50)]).await.unwrap();
    assert_eq!(told, [spent(other, TODAY, 0)], "never below zero");
    let tomorrow = Day(TODAY.0 + 1);
    let told = store.spend(&[spent(other, tomorrow, -5)]).await.unwrap();
    assert_eq!(told, [spent(other, tomorrow, 0)], "nor does it begin there");
    assert!(store.spend(&[]).await.unwrap().is_empty());
    let since = async |day| store.spent(tenant, day).await.unwrap();
    assert_eq!(since(yesterday).await, [spent(tenant, yesterday, 7), spent(tenant, TODAY, 42)]);
    assert_eq!(since(TODAY).await, [spent(tenant, TODAY, 42)]);
    store.forget_spent(TODAY).await.unwrap();
    assert_eq!(since(yesterday).await, [spent(tenant, TODAY, 42)], "what was before is forgotten");
    assert!(store.spent(nobody, yesterday).await.unwrap().is_empty());
}

async fn of_many_at_once_none_is_lost<S: Store>(store: &S) {
    let ada = Desk::new(store, 845).await;
    let one = [spent(ada.scope.tenant, TODAY, 1)];
    let adding = (0..20).map(|_| store.spend(&one));
    for told in futures::future::join_all(adding).await {
        told.unwrap();
    }
    let all = store.spent(ada.scope.tenant, TODAY).await.unwrap();
    assert_eq!(all, [spent(ada.scope.tenant, TODAY, 20)]);
}

async fn what_a_tenant_holds_is_counted<S: Store>(store: &S) {
    let (ada, ben) = (Desk::new(store, 846).await, Desk::new(store, 847).await);
    ben.save_url(store, "https://other.example/").await;
    let empty = store.held(ada.scope.tenant).await.unwrap();
    assert_eq!((empty.members, empty.libraries.len(), empty.bookmarks()), (1, 1, 0));
    assert_eq!(empty.written_at(), None, "nothing was written");
    for number in 0..3 {
        ada.save_url(store, &format!("https://held.example/{number}")).await;
    }
    let second = LibraryInfo {
        id: LibraryId::from_bytes([0x84; 16]),
        tenant: ada.scope.tenant,
        name: "Second".to_owned(),
        created_at: i64::MAX / 2,
    };
    store.add_library(&second, ada.person).await.unwrap();
    let held = store.held(ada.scope.tenant).await.unwrap();
    let by_library: Vec<_> =
        held.libraries.iter().map(|library| (library.info.id, library.bookmarks)).collect();
    assert_eq!(by_library, [(ada.scope.library, 3), (second.id, 0)], "oldest first");
    assert!(held.written_at().is_some());
    assert_eq!((held.of(Stock::Bookmarks), held.of(Stock::Libraries)), (3, 2));
    assert_eq!((held.webhooks, held.waiting, held.failed), (0, 0, 0));
    let nobody = store.held(TenantId::from_bytes([0xee; 16])).await.unwrap();
    assert_eq!((nobody.members, nobody.libraries.len()), (0, 0));
}

async fn tenants_are_told_page_by_page<S: Store>(store: &S) {
    let ada = Desk::new(store, 848).await;
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = store.tenants_after(after, 3).await.unwrap();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        all.extend(page.into_iter().map(|tenant| tenant.id));
    }
    assert!(all.contains(&ada.scope.tenant));
    assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "by id, each once");
}

async fn all_of_it_goes_with_its_tenant<S: Store>(store: &S) {
    let ada = Desk::new(store, 849).await;
    let tenant = ada.scope.tenant;
    store.give_plan(tenant, Some(Plan::Team)).await.unwrap();
    store.spend(&[spent(tenant, TODAY, 5)]).await.unwrap();
    assert!(store.empty_library(ada.scope, 100).await.unwrap().is_done);
    store.remove_library(ada.scope).await.unwrap();
    store.remove_tenant(tenant).await.unwrap();
    assert_eq!(store.plan(tenant).await.unwrap(), None);
    assert!(store.spent(tenant, Day(0)).await.unwrap().is_empty());
    assert!(store.spend(&[spent(tenant, TODAY, 5)]).await.unwrap().is_empty());
}
