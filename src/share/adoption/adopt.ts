import { getLogger } from '@logtape/logtape';
import type { Context } from '../cycle/context.ts';
import { adoptAssets, adoptOrphans } from './adopt_assets.ts';
import { adoptFaces, settleFaces } from '../people/adopt_faces.ts';
import { adoptLinks, adoptThumbnails } from './adopt_links.ts';
import { adoptPeople } from '../people/adopt_people.ts';
import { adoptStacks } from './adopt_stacks.ts';

const logger = getLogger(['immich-sidecar', 'share']);

/**
 * Recognises mirrors of ours of which our own tables say nothing, or not all: a backup was restored without them, or they
 * were lost. Comes first in a full cycle, before anything that would take files without a mapping for left-overs. Where
 * nothing is missing it writes nothing.
 *
 * What cannot be known again: what the target had deleted (it is shared anew), and what we wrote last into a field (where a
 * mirror differs from its source it is taken for the target's word).
 *
 * Returns how many mirrors were adopted.
 */
export async function adopt(context: Context): Promise<number> {
  const { jobs } = context;
  const adopted = new Map<string, number>();
  for (const job of jobs) adopted.set(job.name, await adoptAssets(context, job));
  for (const job of jobs) adopted.set(job.name, (adopted.get(job.name) ?? 0) + await adoptOrphans(context, job));
  const faces: string[][] = [];
  for (const job of jobs) {
    if ((adopted.get(job.name) ?? 0) > 0) await adoptStacks(context, job);
    faces.push(...await adoptFaces(context, job));
  }
  const people: number[] = [];
  for (const targetUserId of new Set(jobs.map((job) => job.targetUserId))) {
    people.push(await adoptPeople(context, targetUserId, faces.flat()));
  }
  await settleFaces(context, faces);
  const links: number[] = [];
  for (const job of jobs) links.push(await adoptLinks(context, job), await adoptThumbnails(context, job));
  const counts = { mirrors: sum([...adopted.values()]), people: sum(people), links: sum(links) };
  if (counts.mirrors + counts.people + counts.links > 0) {
    logger.info('recognised {mirrors} mirrors, {people} people and {links} files of an earlier time', counts);
  }
  return counts.mirrors;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
