//! Sync Service: pull by cursor and push for devices that edit offline.
