//! Switch the memory of what was opened on or off, and forget what it holds.

use crate::ctx::Ctx;
use shelf_domain::id::Scope;
use shelf_ports::Failure;

/// The name of the setting; `off` is off, all else is on.
pub const SETTING: &str = "activity";
const OFF: &str = "off";

/// Whether what the person opens is remembered.
pub async fn is_activity_on(ctx: &Ctx) -> Result<bool, Failure> {
    let setting = ctx.stores.accounts.setting(ctx.person, SETTING).await?;
    Ok(setting.as_deref() != Some(OFF))
}

/// Switches the memory on or off. Switching off keeps what was remembered until it is forgotten.
#[tracing::instrument(skip_all)]
pub async fn switch_activity(ctx: &Ctx, on: bool) -> Result<(), Failure> {
    let value = if on { "on" } else { OFF };
    Ok(ctx.stores.accounts.put_setting(ctx.person, SETTING, value).await?)
}

/// Forgets all the person did in this library.
#[tracing::instrument(skip_all, fields(tenant = %scope.tenant, library = %scope.library))]
pub async fn forget_activity(ctx: &Ctx, scope: Scope) -> Result<(), Failure> {
    Ok(ctx.stores.activity.forget(scope, ctx.person, None).await?)
}
