//! What replicas need besides the log: stretches of the folded state, sums, and what waits.

use super::load::{self, item_of, pair_of};
use super::within::{For, Within};
use super::{Bound, Postgres, damaged, library, limit_of};
use async_trait::async_trait;
use shelf_domain::change::Head;
use shelf_domain::id::{DeviceId, ItemId, Scope};
use shelf_domain::sums::Sums;
use shelf_ports::Fault;
use shelf_ports::replicas::{HeldChange, HeldLine, Replicas, Stretch, Stretched};
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// Items after one of them.
const ITEMS: &str = "SELECT id, kind, registers FROM items
    WHERE library = $1 AND id > $2 ORDER BY id LIMIT $3";
/// The same, of ranges: the last byte of an id.
const ITEMS_OF: &str = "SELECT id, kind, registers FROM items
    WHERE library = $1 AND id > $2 AND get_byte(uuid_send(id), 15) = ANY ($4)
    ORDER BY id LIMIT $3";
const ALIASES: &str = "SELECT younger, older FROM aliases
    WHERE library = $1 AND younger > $2 ORDER BY younger LIMIT $3";
const LINES: &str = "SELECT device, count(*), min(at), max(at), max(n) FROM held
    WHERE library = $1 GROUP BY device ORDER BY device";
const HELD: &str = "SELECT change, at, device FROM held
    WHERE library = $1 AND device = $2 AND n > $3 ORDER BY n LIMIT $4";
/// Everything that waits in a library, for a telling.
pub(super) const ALL: &str = "SELECT change, at, device FROM held
    WHERE library = {} ORDER BY device, n";
const PUT_HELD: &str = "INSERT INTO held
    SELECT $1, own.* FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::text[]) AS own
    ON CONFLICT (library, device, n) DO UPDATE SET at = excluded.at, change = excluded.change";
const LET_GO: &str = "DELETE FROM held WHERE library = $1 AND device = $2 AND n = ANY ($3)";
/// Rows that are summed up at once.
const PART: i64 = 5_000;

/// The id after which the next one comes; that of zeros, which none has, is before every id.
fn after_of(after: Option<ItemId>) -> Uuid {
    after.map_or(Uuid::nil(), Uuid::from)
}

/// A change that waits, from the columns of [`ALL`].
pub(super) fn held_of(row: &Row) -> Result<HeldChange, Fault> {
    let change = serde_json::from_str(row.get(0)).map_err(|_| damaged("a change that waits"))?;
    Ok(HeldChange { device: DeviceId::from(row.get::<_, Uuid>(2)), at: row.get(1), change })
}

/// Lets changes wait.
pub(super) async fn put_held(within: &Within<'_>, held: &[HeldChange]) -> Result<(), Fault> {
    let devices: Vec<Uuid> = held.iter().map(|one| Uuid::from(one.device)).collect();
    let counters: Vec<i64> = held.iter().map(|one| one.change.n.cast_signed()).collect();
    let moments: Vec<i64> = held.iter().map(|one| one.at).collect();
    let changes = held.iter().map(|one| serde_json::to_string(&one.change));
    let changes: Vec<String> =
        changes.collect::<Result<_, _>>().map_err(|_| damaged("a change that waits"))?;
    let of: [Bound<'_>; 4] = [
        (&devices, Type::UUID_ARRAY),
        (&counters, Type::INT8_ARRAY),
        (&moments, Type::INT8_ARRAY),
        (&changes, Type::TEXT_ARRAY),
    ];
    within.run(PUT_HELD, &of).await.map(drop)
}

async fn stretch_of(within: &Within<'_>, stretch: &Stretch) -> Result<Stretched, Fault> {
    let head = load::head(within).await?;
    let (after, limit) = (after_of(stretch.after), limit_of(stretch.limit));
    let ranges: Option<Vec<i32>> =
        stretch.ranges.as_ref().map(|all| all.iter().copied().map(i32::from).collect());
    let mut of: Vec<Bound<'_>> = vec![(&after, Type::UUID), (&limit, Type::INT8)];
    let rows = match &ranges {
        None => within.rows(ITEMS, &of).await?,
        Some(ranges) => {
            of.push((ranges, Type::INT4_ARRAY));
            within.rows(ITEMS_OF, &of).await?
        }
    };
    let items = rows.iter().map(item_of).collect::<Result<_, _>>()?;
    Ok(Stretched { head, items })
}

async fn sums_of(within: &Within<'_>) -> Result<Sums, Fault> {
    let mut sums = Sums::default();
    let mut after = Uuid::nil();
    loop {
        let of: [Bound<'_>; 2] = [(&after, Type::UUID), (&PART, Type::INT8)];
        let rows = within.rows(ITEMS, &of).await?;
        for row in &rows {
            let item = item_of(row)?;
            sums.add_item(item.id, item.version());
            after = Uuid::from(item.id);
        }
        if rows.is_empty() {
            break;
        }
    }
    after = Uuid::nil();
    loop {
        let of: [Bound<'_>; 2] = [(&after, Type::UUID), (&PART, Type::INT8)];
        let rows = within.rows(ALIASES, &of).await?;
        for (younger, older) in rows.iter().map(pair_of) {
            sums.add_alias(younger, older);
            after = Uuid::from(younger);
        }
        if rows.is_empty() {
            return Ok(sums);
        }
    }
}

#[async_trait]
impl Replicas for Postgres {
    async fn stretch(&self, scope: Scope, stretch: &Stretch) -> Result<Stretched, Fault> {
        let mut connection = self.connection().await?;
        let doing = "reading a stretch";
        let entered = Within::enter(&mut connection, scope, doing, For::OneMoment).await?;
        let Some(within) = entered else { return Ok(Stretched::default()) };
        stretch_of(&within, stretch).await
    }

    async fn aliases(
        &self,
        scope: Scope,
        after: Option<ItemId>,
        limit: usize,
    ) -> Result<Vec<(ItemId, ItemId)>, Fault> {
        let of: [Bound<'_>; 2] = [(&after_of(after), Type::UUID), (&limit_of(limit), Type::INT8)];
        let rows = self.query_in(scope, "reading what joined", ALIASES, &of).await?;
        Ok(rows.iter().map(pair_of).collect())
    }

    async fn sums(&self, scope: Scope) -> Result<(Head, Sums), Fault> {
        let mut connection = self.connection().await?;
        let entered = Within::enter(&mut connection, scope, "summing up", For::OneMoment).await?;
        let Some(mut within) = entered else { return Ok((Head::default(), Sums::default())) };
        within.take_time().await?;
        let head = load::head(&within).await?;
        Ok((head, sums_of(&within).await?))
    }

    async fn counter(&self, scope: Scope, device: DeviceId) -> Result<u64, Fault> {
        let of: [Bound<'_>; 1] = [(&Uuid::from(device), Type::UUID)];
        let rows = self.query_in(scope, "reading a counter", library::COUNTER, &of).await?;
        Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0).cast_unsigned()))
    }

    async fn hold(&self, scope: Scope, held: &[HeldChange]) -> Result<(), Fault> {
        let mut connection = self.connection().await?;
        let doing = "holding changes";
        let entered = Within::enter(&mut connection, scope, doing, For::Writing).await?;
        let Some(within) = entered else { return Ok(()) };
        put_held(&within, held).await?;
        within.commit().await
    }

    async fn held_lines(&self, scope: Scope) -> Result<Vec<HeldLine>, Fault> {
        let rows = self.query_in(scope, "reading what waits", LINES, &[]).await?;
        let line = |row: &Row| HeldLine {
            device: DeviceId::from(row.get::<_, Uuid>(0)),
            count: row.get::<_, i64>(1).cast_unsigned(),
            since: row.get(2),
            latest: row.get(3),
            through: row.get::<_, i64>(4).cast_unsigned(),
        };
        Ok(rows.iter().map(line).collect())
    }

    async fn held(
        &self,
        scope: Scope,
        device: DeviceId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<HeldChange>, Fault> {
        let of: [Bound<'_>; 3] = [
            (&Uuid::from(device), Type::UUID),
            (&after.cast_signed(), Type::INT8),
            (&limit_of(limit), Type::INT8),
        ];
        let rows = self.query_in(scope, "reading what waits", HELD, &of).await?;
        rows.iter().map(held_of).collect()
    }

    async fn let_go(&self, scope: Scope, device: DeviceId, counters: &[u64]) -> Result<(), Fault> {
        let counters: Vec<i64> = counters.iter().map(|n| n.cast_signed()).collect();
        let of: [Bound<'_>; 2] = [(&Uuid::from(device), Type::UUID), (&counters, Type::INT8_ARRAY)];
        self.query_in(scope, "letting go of changes", LET_GO, &of).await.map(drop)
    }
}
