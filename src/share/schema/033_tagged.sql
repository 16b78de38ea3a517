-- The tags that the metadata of a mirror named, and that it was to have, when its rows of tag_asset were set last, as an MD5; NULL: none. What differs while these are the same is
-- its owner's doing: Immich writes tag_asset for all photos that somebody tags at once, and their metadata a moment later.
ALTER TABLE immich_sidecar.asset_map ADD COLUMN tagged uuid;
