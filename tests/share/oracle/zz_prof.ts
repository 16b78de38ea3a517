import fc from 'fast-check';
import { ALL_DEEDS, live } from './history.ts';
import { Histories } from './steps.ts';
import { Household } from './household.ts';
const seed = Number(Deno.args[0]);
const deeds = Deno.args[1] ? Deno.args[1].split(',') : Object.keys(ALL_DEEDS);
const close = Household.prototype.close;
Household.prototype.close = async function () {
  const { sql } = this;
  console.log(this.users);
  for (const r of await sql`SELECT * FROM person ORDER BY "ownerId"`) console.log(r.ownerId.slice(0,4), (r.id ?? r.personGroupId).slice(0,4), r.name, r.updateId);
  for (const r of await sql`SELECT * FROM immich_sidecar.person_map ORDER BY 1`) console.log('map', r.origin_person_id.slice(0,4), r.origin_owner_id.slice(0,4), '->', r.target_user_id.slice(0,4), r.mirror_person_id.slice(0,4), r.is_ours);
  for (const r of await sql`SELECT f.*, a."ownerId", a."originalFileName" n, m.mirror_asset_id IS NOT NULL mirrored, fm.person_id w FROM asset_face f JOIN asset a ON a.id = f."assetId" LEFT JOIN immich_sidecar.asset_map m ON m.mirror_asset_id = a.id LEFT JOIN immich_sidecar.face_map fm ON fm.mirror_face_id=f.id ORDER BY n, "boundingBoxX1", a."ownerId"`) console.log('face', r.id.slice(0,4), r.n, r.ownerId.slice(0,4), r.mirrored, 'person', (r.personId ?? r.personGroupId)?.slice(0,4), r.deletedAt, 'wrote', r.w?.slice(0,4), r.updateId);
  await close.call(this);
};
const list: any[] = fc.sample(new Histories(deeds, Number(Deno.args[2] ?? 60)), { seed, numRuns: 1 });
const cut = Deno.args[3] ? list[0].steps.slice(0, Number(Deno.args[3])) : list[0].steps;
await live((Deno.args[4] ?? 'v3.1.0') as any, { ...list[0], steps: cut }).catch((e) => console.log(e.message));
