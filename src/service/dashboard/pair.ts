import { html } from 'hono/html';
import { dayOf, plural } from '../../config/words.ts';
import { PAIR_PREFIX } from '../../config/shared_albums.ts';
import { PROBLEMS, wordsFor } from '../../problems/codes.ts';
import { describeProblem, type Problem } from '../../problems/problem.ts';
import { retryOf, type SkipReason } from '../../share/cycle/outcome.ts';
import type { PairDetails } from '../../share/explain/pair.ts';
import type { NotShared } from '../../share/standing/not_shared.ts';
import { PENDING_WORDS } from '../../share/standing/words.ts';
import { numberOf, timeOf } from './chart.ts';
import { type Html, subPage } from './frame.ts';
import { helpWith } from './help.ts';
import { IMMICH_PAGES } from './immich_pages.ts';
import { reasonsOf } from './sharing.ts';

/** As many photos of a kind as somebody reads. */
export const MOST_LISTED = 100;

/** Everything about what one user has from another: why, and what they do not have. `problems`: of the last cycle, by job. */
export function pairPage(
  { from, to, by, jobs }: PairDetails,
  { problems, immichUrl, nowIso }: {
    readonly problems: ReadonlyMap<string, readonly Problem[]>;
    readonly immichUrl: string | undefined;
    readonly nowIso: string;
  },
): Html {
  return subPage(
    `${to} has from ${from}`,
    html`
      <section aria-labelledby="pair">
        <h2 id="pair">What ${to} has from ${from}</h2>
        <p><small>as of ${timeOf(nowIso)}</small></p>
        ${by.length === 0
          ? html`<p>No album, person, tag or folder is the reason for anything: a whole library is shared, or nothing yet.</p>`
          : reasonsOf(by, immichUrl, Infinity)}
        ${jobs.length === 0 ? html`<p>No share between the two is configured any more.</p>` : ''}
      </section>
      ${jobs.map((job) => jobSection(job, to, problems.get(job.name) ?? [], immichUrl))}
    `,
  );
}

function jobSection(
  { name, standing, notShared }: PairDetails['jobs'][number],
  to: string,
  problems: readonly Problem[],
  immichUrl: string | undefined,
): Html {
  const { pending, skipped, withdrawn } = standing;
  const total = (
    counts: Readonly<Partial<Record<string, number>>>,
    isMeant: (reason: string) => boolean = () => true,
  ) => Object.entries(counts).reduce((sum, [reason, number]) => sum + (isMeant(reason) ? number ?? 0 : 0), 0);
  const photos = (isMeant: (one: NotShared) => boolean) => notShared.filter(isMeant);
  const list = (heading: string, number: number, found: readonly NotShared[], note: Html | string) =>
    number === 0
      ? ''
      : html`<h3>${heading}: ${numberOf(number)}</h3><p>${note}</p><ul class="photos">${
        found.map((one) => photoOf(one, immichUrl))
      }</ul>${number > found.length ? html`<p>and ${numberOf(number - found.length)} more.</p>` : ''}`;
  return html`<section aria-labelledby="job-${name}"><h2 id="job-${name}">${
    name.startsWith(PAIR_PREFIX) ? '' : 'Share '
  }${name}</h2>
<p><strong>${numberOf(standing.mirrored)}</strong> of ${numberOf(standing.selected)} ${
    plural(standing.selected, 'photo or video is', 'photos and videos are')
  } shared.</p>
${
    list(
      'Waiting',
      total(pending) + total(skipped, (reason) => kindOf(reason) === 'waiting'),
      photos((one) => one.state === 'pending' || (one.state === 'skipped' && kindOf(one.reason) === 'waiting')),
      'They come by themselves when that has changed.',
    )
  }
${
    list(
      'Failed',
      total(skipped, (reason) => kindOf(reason) === 'failed'),
      photos((one) => one.state === 'skipped' && kindOf(one.reason) === 'failed'),
      'They are tried again.',
    )
  }
${
    list(
      'Left out',
      total(skipped, (reason) => kindOf(reason) === 'left out'),
      photos((one) => one.state === 'skipped' && kindOf(one.reason) === 'left out'),
      html`<code>immich-sidecar reshare</code> shares them all the same.`,
    )
  }
${
    list(
      `Declined by ${to}`,
      withdrawn,
      photos(({ state }) => state === 'withdrawn'),
      html`${to} has deleted them, or has them in the trash. <code>immich-sidecar reshare</code> shares them again.`,
    )
  }
${
    problems.length === 0 ? '' : html`
      <h3>Problems of the last sync: ${numberOf(problems.length)}</h3>
      <ul class="photos">${problems.slice(0, MOST_LISTED).map((problem) =>
        html`<li>${linked(describeProblem(problem), problem.where.assetId, immichUrl)}: ${problem.remedy} ${
          helpWith(problem.code, wordsFor(problem.code))
        }</li>`
      )}</ul>
    `
  }</section>`;
}

function kindOf(reason: string): 'waiting' | 'failed' | 'left out' {
  const known = reason as SkipReason;
  if (retryOf(known) === 'never') return 'left out';
  return PROBLEMS[known].waits === true ? 'waiting' : 'failed';
}

function photoOf({ assetId, fileName, takenAt, state, reason, since }: NotShared, immichUrl: string | undefined): Html {
  const why = state === 'pending'
    ? `waiting ${PENDING_WORDS[reason] ?? reason} by Immich`
    : state === 'skipped'
    ? wordsFor(reason as SkipReason)
    : '';
  return html`<li>${linked(fileName, assetId, immichUrl)}, ${dayOf(takenAt)}${why === '' ? '' : `: ${why}`}${
    since === null ? '' : html`, since ${timeOf(since.toISOString())}`
  }${
    state === 'skipped'
      ? html`
        ${helpWith(reason as SkipReason, `${fileName}: ${why}`)}
      `
      : ''
  }</li>`;
}

function linked(text: string, assetId: string | undefined, immichUrl: string | undefined): Html | string {
  return immichUrl === undefined || assetId === undefined
    ? text
    : html`<a href="${immichUrl + IMMICH_PAGES.photo(assetId)}">${text}</a>`;
}
