//! Stories, by what they are about.

mod saving;
mod racing;
mod replicas;
mod offline;
mod keeping;
mod webhooks;
mod privacy;
mod quotas;
