import { confirmCorrections } from '../../../../src/share/both_ways/waiting.ts';
import { type Deeds, traced } from './scene.ts';

/** What a person says of what goes both ways. */
export const TWO_WAY_DEEDS: Deeds = {
  confirmCorrections: traced(async (scene) => {
    const confirmed = await confirmCorrections(scene.sql, undefined);
    return confirmed.length === 0 ? undefined : 'what waits to be written into originals is confirmed';
  }),
};
