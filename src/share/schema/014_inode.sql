-- Which mirror shows a file: asked for each new photo, which may be an old one under another name.
CREATE INDEX link_inode_idx ON immich_sidecar.link (inode) WHERE inode IS NOT NULL;
