//! Stories, by what they are about.

mod saving;
mod racing;
mod replicas;
mod keeping;
mod webhooks;
mod privacy;
mod quotas;
