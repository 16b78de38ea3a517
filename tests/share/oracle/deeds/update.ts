import { RELEASES } from '../../../harness/releases.ts';
import { type Deeds, untraced } from './scene.ts';

/** What whoever looks after the server does; not among the deeds of usual histories, as these are of one release each. */
export const UPDATE_DEEDS: Deeds = {
  updateImmich: untraced(async ({ home }) => {
    const next = RELEASES[RELEASES.indexOf(home.db.release) + 1];
    if (next === undefined) return;
    await home.upgrade(next);
    return `Immich is updated to ${next}`;
  }),
};
