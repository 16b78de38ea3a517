import { applyForget, planForget } from '../../../../src/share/undo/forget.ts';
import { EXTERNAL, MEDIA } from '../household.ts';
import { nested } from '../photos.ts';
import { type Deeds, type Scene, traced, untraced } from './scene.ts';

/** What happens to our own tables and files, and what commands do. */
export const OWN_DEEDS: Deeds = {
  forget: traced(async (scene) => {
    const decisions = await scene.sql<{ id: string }[]>`
      SELECT DISTINCT source_asset_id AS id
      FROM (
        SELECT source_asset_id FROM immich_sidecar.withdrawn
        UNION ALL
        SELECT source_asset_id FROM immich_sidecar.skipped
      ) AS decision
      ORDER BY 1`;
    const decision = scene.one(decisions);
    if (decision === undefined) return;
    const plan = await planForget(scene.sql, { jobs: [] }, { sourceAssetIds: [decision.id] });
    await applyForget(scene.sql, plan);
    const [asset] = await scene.assets(scene.sql`a.id = ${decision.id}`);
    return `${asset === undefined ? 'what is gone' : scene.call(asset)} is to be shared again`;
  }),
  loseJournal: untraced(async (scene) => {
    const mirror = await scene.mirror();
    if (mirror === undefined) return;
    await scene.sql`DELETE FROM immich_sidecar.link WHERE mirror_id = ${mirror.id}`;
    return `the journal does not know the files of ${scene.call(mirror)} any more`;
  }),
  litter: untraced(async (scene) => {
    const id = scene.home.newId();
    const [source, target] = [scene.name(), scene.name()];
    if (source === target) return;
    // Generated files are named after their mirrors, and count as ours with one name, too.
    const [path, keep] = scene.chance(2)
      ? [`${EXTERNAL}/${target}_shared/.${source}/litter-${scene.home.next()}.jpg`, `${EXTERNAL}/${target}_shared`]
      : [
        `${MEDIA}/thumbs/${scene.home.users[target].id}/${nested(id)}/${id}_litter-${scene.home.next()}.webp`,
        `${MEDIA}/thumbs`,
      ];
    leave(scene, path);
    await scene.sql`INSERT INTO immich_sidecar.link (mirror_id, path, keep) VALUES (${id}, ${path}, ${keep})`;
    return `a run that was killed has left ${path}`;
  }),
  stray: untraced((scene) => {
    const job = scene.one(scene.home.config.jobs);
    if (job === undefined) return Promise.resolve(undefined);
    const path = `${job.targetPathPrefix}stray-${scene.home.next()}.jpg`;
    leave(scene, path);
    return Promise.resolve(`a restored backup does not know ${path}`);
  }),
};

/** A link whose other name is on no disk that Immich knows. */
function leave({ home }: Scene, path: string): void {
  const away = `${home.directory}/away`;
  Deno.mkdirSync(away, { recursive: true });
  const [original, local] = [`${away}/${home.newId()}`, home.local(path)];
  Deno.writeTextFileSync(original, `content ${home.next()}`);
  Deno.mkdirSync(local.slice(0, local.lastIndexOf('/')), { recursive: true });
  Deno.linkSync(original, local);
}
