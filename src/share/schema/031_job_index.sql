-- Which mirrors a job has made is asked for each job: with hundreds of them each would read the whole table.
CREATE INDEX asset_map_job_name_idx ON immich_sidecar.asset_map (job_name, mirror_asset_id);
