import type { JobConfig, PeopleMatch, Reasons } from '../../../../src/config/config.ts';
import { albumsOf, peopleOf, tagsOf } from './choice.ts';
import { type Deeds, type Scene, traced } from './scene.ts';

/** What changes in the configuration is seen when the program starts. */
export const JOB_DEEDS: Deeds = {
  dropJob: {
    isTraced: false,
    act: (scene) => {
      const { jobs } = scene.home.config;
      const job = scene.one(jobs);
      if (job === undefined || jobs.length < 2) return Promise.resolve(undefined);
      scene.home.setJobs(jobs.filter((other) => other !== job));
      return Promise.resolve(`the job "${job.name}" is removed`);
    },
  },
  addJob: {
    isTraced: false,
    act: async (scene) => {
      const [source, target] = [scene.name(), scene.name()];
      const job = scene.home.job(source, target, scene.chance(2) ? 'external' : 'upload');
      const { jobs } = scene.home.config;
      if (
        scene.home.config.sharedAlbums !== undefined || source === target || jobs.some(({ name }) => name === job.name)
      ) return;
      await scene.home.provideLibrary(job);
      const { matchPeople, bothWays } = jobs[0] ?? {};
      scene.home.setJobs([...jobs, { ...job, matchPeople, ...bothWays === undefined ? {} : { bothWays } }]);
      return `the job "${job.name}" is added`;
    },
  },
  includeArchived: {
    isTraced: false,
    act: (scene) => {
      const { jobs } = scene.home.config;
      const job = scene.one(jobs);
      if (job === undefined) return Promise.resolve(undefined);
      scene.home.setJobs(
        jobs.map((other) => other === job ? { ...job, includeArchived: !job.includeArchived } : other),
      );
      return Promise.resolve(`the job "${job.name}" shares the archive, or does not any more`);
    },
  },
  // All at once: whose job comes by a person first does not matter then.
  matchPeople: {
    isTraced: false,
    act: (scene) => {
      const { jobs } = scene.home.config;
      const matchPeople = jobs[0]?.matchPeople === undefined ? 'name' : undefined;
      scene.home.setJobs(jobs.map((job) => ({ ...job, matchPeople })));
      return Promise.resolve(`people are matched by ${matchPeople ?? 'nothing'}`);
    },
  },
  followFavorites: {
    isTraced: false,
    act: (scene) => {
      const { jobs } = scene.home.config;
      const job = scene.one(jobs);
      if (job === undefined) return Promise.resolve(undefined);
      const favorites = job.favorites === undefined ? 'follow' : undefined;
      scene.home.setJobs(jobs.map((other) => other === job ? { ...job, favorites } : other));
      return Promise.resolve(`favourites of the job "${job.name}" ${favorites ?? 'do not follow any more'}`);
    },
  },
  choose: {
    isTraced: false,
    act: async (scene) => {
      const { jobs } = scene.home.config;
      const job = scene.one(jobs);
      if (job === undefined) return undefined;
      const choice = await chooseFor(scene, job);
      scene.home.setJobs(jobs.map((other) => other === job ? { ...withoutChoice(job), ...choice } : other));
      return `the job "${job.name}" chooses ${JSON.stringify(choice)}`;
    },
  },
  chooseAll: {
    isTraced: false,
    act: (scene) => {
      const { jobs } = scene.home.config;
      const job = scene.one(jobs.filter(({ select, except }) => select !== undefined || except !== undefined));
      if (job === undefined) return Promise.resolve(undefined);
      scene.home.setJobs(jobs.map((other) => other === job ? withoutChoice(job) : other));
      return Promise.resolve(`the job "${job.name}" chooses no more`);
    },
  },
  nothing: traced(() => Promise.resolve('nothing happens')),
};

function withoutChoice(job: JobConfig): JobConfig {
  const { select: _select, except: _except, minRating: _minRating, types: _types, ...rest } = job;
  return rest;
}

/** Some reasons, something left out, a range; the kind of the job stays, so that everything keeps its place. */
async function chooseFor(scene: Scene, { sourceUserId }: JobConfig): Promise<Partial<JobConfig>> {
  const some = async (find: typeof albumsOf): Promise<string[]> => {
    const things = await find(scene, sourceUserId);
    if (scene.chance(2)) return [];
    const [one, other] = [scene.one(things), scene.one(things)];
    return [...new Set([one, ...scene.chance(3) ? [other] : []])].filter((text) => text !== undefined);
  };
  const select = { albums: await some(albumsOf), people: await some(peopleOf), tags: await some(tagsOf), paths: [] };
  const except: Reasons = {
    albums: scene.chance(3) ? await some(albumsOf) : [],
    people: [],
    tags: await some(tagsOf),
    paths: [],
  };
  const isEmpty = select.albums.length + select.people.length + select.tags.length === 0;
  return {
    select: {
      ...select,
      favorites: isEmpty || scene.chance(3),
      peopleMatch: scene.one<PeopleMatch>(['any', 'all', 'only']) ?? 'any',
    },
    ...except.albums.length + except.tags.length === 0 ? {} : { except },
    ...scene.chance(4) ? { minRating: scene.number(5) + 1 } : {},
    ...scene.chance(6) ? { types: [scene.chance(3) ? 'video' : 'image'] } : {},
  };
}
