import { type Deeds, traced } from './scene.ts';

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
    act: (scene) => {
      const [source, target] = [scene.name(), scene.name()];
      const job = scene.home.job(source, target, scene.chance(2) ? 'external' : 'upload');
      const { jobs } = scene.home.config;
      if (source === target || jobs.some(({ name }) => name === job.name)) return Promise.resolve(undefined);
      scene.home.setJobs([...jobs, job]);
      return Promise.resolve(`the job "${job.name}" is added`);
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
  nothing: traced(() => Promise.resolve('nothing happens')),
};
