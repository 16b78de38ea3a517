import { html } from 'hono/html';
import { PAIR_PREFIX } from '../../config/shared_albums.ts';
import { bytes, count, plural } from '../../config/words.ts';
import { type ProblemCode, wordsFor } from '../../problems/codes.ts';
import { describeProblem } from '../../problems/problem.ts';
import { describeProgress } from '../../share/cycle/progress.ts';
import { describeStanding } from '../../share/standing/words.ts';
import type { Outcome } from '../../writeback/outcome.ts';
import { OUTCOME_WORDS } from '../../writeback/outcome_words.ts';
import type { Visitor } from '../http/access.ts';
import { readinessOf } from '../readiness.ts';
import type { JobSnapshot, Snapshot } from '../snapshot.ts';
import { actionsOfPage } from './actions.ts';
import { eventsOf } from './events.ts';
import { frame, type Html, SCRIPTS } from './frame.ts';
import { helpWith } from './help.ts';
import { actionNeeded, asSentence } from './needs.ts';
import { sharingOf } from './sharing.ts';
import { codeForm } from '../setup/page.ts';
import { cycleChart, numberOf, secondsOf, timeOf, withNumbers } from './chart.ts';
import { IMMICH_PAGES } from './immich_pages.ts';

/** What the page may offer. */
export interface PageVisitor extends Visitor {
  /** What came of their last action. */
  readonly message: string | undefined;
  /** Whether the configuration can be changed here. */
  readonly hasSettings?: boolean;
  /** Set when somebody may set up here: whether the code for that is void, and whether there is no configuration yet, rather than a wrong one. */
  readonly setup?: { readonly isVoid: boolean; readonly isBeginning: boolean } | undefined;
}

/** The dashboard. Complete without JavaScript; with it, `main` is replaced whenever something changes. */
export function dashboard(snapshot: Snapshot, visitor: PageVisitor, nowMs: number): Html {
  // Somebody who types a code is not to lose it.
  const refresh = visitor.setup === undefined
    ? html`<noscript><meta http-equiv="refresh" content="30"></noscript>`
    : '';
  const scripts = html`${SCRIPTS}${refresh}`;
  return frame(
    verdictOf(snapshot, visitor, nowMs).short,
    html`
      <header>
        <h1>immich-sidecar</h1>
        <p id="connection" hidden>The page has lost its connection; it shows what was.</p>
      </header>
      ${messageOf(visitor)}
      ${body(snapshot, visitor, nowMs)}
      <footer>
        <p>Version ${snapshot.version}, running since ${timeOf(snapshot.startedAt)}</p>
        <nav
          aria-label="For machines"><a href="/api/status">Status as JSON</a> <a href="/metrics">Metrics</a> <a href="/readyz">Readiness</a></nav>
      </footer>
    `,
    scripts,
  );
}

/** Stays until it is dismissed: the part of the page that follows what happens is another one. */
function messageOf({ message }: PageVisitor): Html | string {
  if (message === undefined) return '';
  return html`
    <section class="message" role="status" aria-label="Message">
      <p>${message}</p>
      <p><a href="/">Dismiss</a></p>
    </section>
  `;
}

function body(snapshot: Snapshot, visitor: PageVisitor, nowMs: number): Html {
  const verdict = verdictOf(snapshot, visitor, nowMs);
  return html`<main id="content">
<section class="verdict ${verdict.kind}" aria-labelledby="verdict">
<h2 id="verdict">${verdict.long}</h2>
<p>${
    visitor.setup?.isBeginning === true
      ? 'A few questions, a plan, and a yes: nothing is changed before.'
      : doing(snapshot)
  }</p>
${pausedWords(snapshot)}
${unsaid(snapshot, nowMs)}
${progressOf(snapshot)}
</section>
${visitor.setup === undefined ? '' : codeForm(visitor.setup.isVoid)}
${visitor.setup?.isBeginning === true ? '' : actionNeeded(snapshot, visitor)}
${snapshot.jobs.length === 0 ? '' : shared(snapshot, visitor)}
${sharingOf(snapshot)}
${snapshot.jobs.length === 0 ? '' : recentActivity(snapshot)}
${writing(snapshot)}
${actionsOfPage(snapshot, visitor)}
${eventsOf(snapshot)}
</main>`;
}

interface Verdict {
  readonly kind: 'good' | 'busy' | 'bad' | 'held';
  readonly short: string;
  readonly long: string;
}

function verdictOf(snapshot: Snapshot, { setup }: PageVisitor, nowMs: number): Verdict {
  if (snapshot.brakes.length > 0) {
    return { kind: 'held', short: 'Action needed', long: 'Action needed: a decision is waiting for you' };
  }
  if (setup?.isBeginning === true) return { kind: 'busy', short: 'Set up', long: 'Nothing is set up yet' };
  if (snapshot.phase === 'unconfigured') {
    return { kind: 'bad', short: 'Not configured', long: 'The configuration is not right yet' };
  }
  if (!readinessOf(snapshot, nowMs).ready || snapshot.problems.length > 0) {
    return { kind: 'bad', short: 'Trouble', long: 'Something is wrong' };
  }
  if (snapshot.phase === 'standby') return { kind: 'busy', short: 'Standby', long: 'Standing by' };
  if (snapshot.pausedSince !== undefined && snapshot.phase !== 'writing') {
    return { kind: 'held', short: 'Paused', long: 'Paused' };
  }
  const isFirst = snapshot.cycles.length === 0 && snapshot.jobs.length > 0;
  if (isFirst || snapshot.phase === 'writing') {
    return { kind: 'busy', short: 'At work', long: 'At work' };
  }
  return { kind: 'good', short: 'All is well', long: 'All is well' };
}

function progressOf({ progress, phase }: Snapshot): Html | string {
  if (progress === undefined) return '';
  const { job, done, total } = progress;
  const what = phase === 'writing'
    ? 'Gone through'
    : html`${
      progress.unit === 'embeddings' ? 'Copying what machine learning knows' : 'Copying'
    }, <strong>${job}</strong>`;
  return html`<p>${what}: ${withNumbers(describeProgress(progress))}.</p>
<progress max="${Math.max(total, 1)}" value="${Math.min(done, total)}" aria-label="how far ${
    phase === 'writing' ? 'the run' : 'the copy'
  } is"></progress>`;
}

/** Why it is not ready, where no problem is listed that says so. */
function unsaid(snapshot: Snapshot, nowMs: number): Html | string {
  if (snapshot.problems.length + snapshot.brakes.length > 0 || snapshot.phase === 'unconfigured') return '';
  return list(
    readinessOf(snapshot, nowMs).checks.flatMap(({ message }) => message === '' ? [] : [asSentence(message)]),
  );
}

/** Shown in every state: who looks at trouble is to know it, too. */
function pausedWords({ pausedSince, jobs }: Snapshot): Html | string {
  if (pausedSince === undefined) return '';
  return html`<p><strong>Paused since ${
    timeOf(pausedSince)
  }:</strong> nothing is shared or written until somebody resumes it, also after a restart.${
    jobs.length === 0 ? '' : ' Photos that their owners lock are removed from other accounts all the same.'
  }</p>`;
}

function doing(snapshot: Snapshot): Html {
  const { phase, nextRunAt, jobs, pausedSince } = snapshot;
  const next = nextRunAt === undefined ? '' : timeOf(nextRunAt);
  switch (phase) {
    case 'unconfigured':
      return html`Nothing is shared or written until it is. Set it up, or correct what is listed: it is taken up by itself, and this page follows.`;
    case 'connecting':
      return next === ''
        ? html`Waiting for the database.`
        : html`Waiting for the database; the next attempt is at ${next}.`;
    case 'standby':
      return html`Another instance is at work. This one takes over when that is gone.`;
    case 'working':
      return html`A sync is running.`;
    case 'writing':
      return html`Writing what Immich knows into the files.`;
    case 'stopped':
      return html`The service is stopping.`;
    case 'waiting':
      if (pausedSince !== undefined) return html`The service waits until somebody resumes it.`;
      if (jobs.length === 0) return html`Nothing is shared; what Immich knows is written into the files by schedule.`;
      return html`The next sync begins at ${next}.`;
  }
}

function shared({ jobs, immichUrl, startedAt, retries }: Snapshot, visitor: Visitor): Html {
  const rows = jobs.map((job) => {
    const { standing } = job;
    return html`<article class="job"><h3>${job.name}</h3>
${
      job.from === undefined || job.name.startsWith(PAIR_PREFIX)
        ? ''
        : html`<p>from ${job.from} to ${job.to ?? 'somebody'}</p>`
    }
${
      standing === undefined ? html`<p>It is counted when the first sync has ended.</p>` : html`
        <p class="number"><strong>${numberOf(standing.mirrored)}</strong> of ${numberOf(
          standing.selected,
        )} ${plural(standing.selected, 'photo or video', 'photos and videos')}${job.countedAt === undefined ? '' : html`
          <small>as of ${timeOf(job.countedAt)}</small>
        `}</p>
        <progress max="${Math.max(standing.selected, 1)}" value="${standing.mirrored}" aria-label="shared of ${job
          .name}"></progress>
        ${news(job, startedAt)}
        ${job.savedBytes === 0 ? '' : html`
          <p>${bytes(job.savedBytes)} not stored twice.</p>
        `}
        ${waiting(describeStanding(standing))}
      `
    }
${decisionsOf(job, visitor)}
${visitor.isSignedIn ? problemsOf(job, immichUrl) : countsOf(job.problemCounts)}</article>`;
  });
  return html`
    <section aria-labelledby="shared">
      <h2 id="shared">Shared</h2>
      <div class="jobs">${rows}</div>
      ${triedAgain(retries)}
    </section>
  `;
}

function triedAgain({ photos, nextAt }: Snapshot['retries']): Html | string {
  if (nextAt === undefined) return '';
  const what = photos === 0
    ? 'What failed is'
    : html`${numberOf(photos)} ${
      plural(photos, 'photo of which something failed is', 'photos of which something failed are')
    }`;
  return html`<p>${what} tried again${photos > 1 ? ', the next' : ''} at ${
    timeOf(nextAt)
  }, or when it changes. “Share now” tries all at once.</p>`;
}

/** What waits for somebody, with the way to the page on which they decide. */
function decisionsOf({ decisions: { conflicts, waiting }, to }: JobSnapshot, { isSignedIn }: Visitor): Html | string {
  if (conflicts + waiting === 0) return '';
  const what = [
    ...waiting === 0 ? [] : [
      html`<p>${numberOf(waiting)} ${plural(waiting, 'original')} would get what ${
        to ?? 'the receiver'
      } has changed: that waits to be confirmed.</p>`,
    ],
    ...conflicts === 0 ? [] : [
      html`<p>${numberOf(conflicts)} ${
        plural(conflicts, 'conflict')
      }: both have changed the same thing differently.</p>`,
    ],
  ];
  return html`${what}${
    isSignedIn
      ? html`<form method="get" action="/decisions"><button>Look at it, and decide</button></form>`
      : html`<p>To decide: <code>immich-sidecar resolve</code></p>`
  }`;
}

/** What the receiving user has got. */
function news({ from, to, received }: JobSnapshot, startedAt: string): Html | string {
  if (received === 0) return '';
  const what = html`${numberOf(received)} ${plural(received, 'new photo or video', 'new photos and videos')}`;
  return html`<p>${to ?? 'The receiver'} has ${what} from ${from ?? 'the other'} since ${timeOf(startedAt)}.</p>`;
}

function waiting(lines: readonly string[]): Html | string {
  return lines.length === 0 ? '' : html`<h4>Waiting or left out</h4>${list(lines)}`;
}

/** More than this nobody reads; the log has all of them. */
const MOST_PROBLEMS = 20;

/** Which photos, each as a link into Immich where that can be made. */
function problemsOf({ problems }: JobSnapshot, immichUrl: string | undefined): Html | string {
  if (problems.length === 0) return '';
  const rest = problems.length - MOST_PROBLEMS;
  return html`<ul>${
    problems.slice(0, MOST_PROBLEMS).map((problem) => {
      const { assetId } = problem.where;
      const link = immichUrl === undefined || assetId === undefined ? '' : html`
        <a href="${immichUrl + IMMICH_PAGES.photo(assetId)}">open in Immich</a>
      `;
      return html`<li>${describeProblem(problem)}${link} ${helpWith(problem.code, wordsFor(problem.code))}</li>`;
    })
  }</ul>${rest > 0 ? html`<p>and ${numberOf(rest)} more.</p>` : ''}`;
}

/** `12 × the file is not there`: which ones is for those who have signed in. */
function countsOf(counts: JobSnapshot['problemCounts']): Html | string {
  const all = Object.entries(counts) as [ProblemCode, number][];
  return all.length === 0
    ? ''
    : html`<ul>${
      all.map(([code, number]) =>
        html`<li>${numberOf(number)} × ${wordsFor(code)} ${helpWith(code, wordsFor(code))}</li>`
      )
    }</ul>`;
}

function list(sentences: readonly string[]): Html | string {
  return sentences.length === 0
    ? ''
    : html`<ul>${sentences.map((sentence) => html`<li>${withNumbers(sentence)}</li>`)}</ul>`;
}

function recentActivity({ cycles }: Snapshot): Html {
  // What failed before, and still does, is no news.
  const told = cycles.filter(({ created, updated, withdrawn, problems, error }, index) =>
    created + updated + withdrawn > 0 || error !== undefined || problems !== (cycles[index - 1]?.problems ?? 0)
  ).slice(-8).reverse();
  return html`<section aria-labelledby="recent"><h2 id="recent">Recent activity</h2>
${cycles.length === 0 ? html`<p>No sync has ended yet.</p>` : cycleChart(cycles)}
${
    cycles.length > 0 && told.length === 0
      ? html`<p>Nothing has changed in the last ${count(cycles.length, 'sync')}.</p>`
      : ''
  }
${
    told.length === 0 ? '' : html`
      <div class="scroll" role="region" aria-label="Syncs that did something" tabindex="0">
        <table>
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">New</th>
              <th scope="col">Updated</th>
              <th scope="col">Removed</th>
              <th scope="col">Failed</th>
              <th scope="col">Took</th>
            </tr>
          </thead>
          <tbody>${told.map((cycle) =>
            html`<tr class="${cycle.outcome}"><th scope="row">${timeOf(cycle.startedAt)}</th>
${
              cycle.error === undefined
                ? html`
                  <td data-label="New">${numberOf(cycle.created)}</td>
                  <td data-label="Updated">${numberOf(cycle.updated)}</td>
                  <td data-label="Removed">${numberOf(cycle.withdrawn)}</td>
                  <td data-label="Failed">${numberOf(cycle.problems)}</td>
                `
                : html`<td colspan="4" class="words">${cycle.error.what}</td>`
            }
<td data-label="Took">${secondsOf(cycle.seconds)}</td></tr>`
          )}</tbody>
        </table>
      </div>
    `
  }</section>`;
}

function writing({ write, pausedSince }: Snapshot): Html | string {
  if (write === undefined) return '';
  const { last, changes } = write;
  const counts = Object.entries(last?.outcomes ?? {}).filter(([, count]) => count > 0);
  return html`<section aria-labelledby="writing"><h2 id="writing">Written into the files</h2>
${
    last === undefined
      ? html`<p>Not yet.</p>`
      : html`<p>${timeOf(last.startedAt)}: ${numberOf(last.assets)} ${plural(last.assets, 'file')} looked at in ${
        secondsOf(last.seconds)
      }${last.interrupted ? ', stopped at the end of its time' : ''}.</p>${
        list(
          counts.map(([outcome, files]) => `${files.toLocaleString('en')} ${OUTCOME_WORDS[outcome as Outcome]}`),
        )
      }`
  }
${
    changes === undefined
      ? ''
      : html`<p>As it changed in Immich: ${numberOf(changes.written)} written${
        changes.failed === 0 ? '' : html`, ${numberOf(changes.failed)} failed`
      } since the service began, the last at ${timeOf(changes.lastAt)}.</p>`
  }
${
    write.nextRunAt === undefined || pausedSince !== undefined
      ? ''
      : html`<p>The next run begins at ${timeOf(write.nextRunAt)}.</p>`
  }</section>`;
}
