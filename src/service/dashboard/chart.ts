import { count, minuteOf } from '../../config/words.ts';
import { html } from 'hono/html';
import type { CycleFigures } from '../snapshot.ts';

type Html = ReturnType<typeof html>;

const [BAR, GAP, HEIGHT] = [8, 2, 64];

/** Below this an idle cycle is not to be seen, above the other a first copy fills the chart; in between it is logarithmic. */
const [SHORTEST, LONGEST] = [0.005, 300];

const WORDS = Object.freeze({ done: 'done', partial: 'done, with failures or held back', failed: 'failed' });

/** How long the last cycles took and how they ended, as bars; the newest is on the right. */
export function cycleChart(cycles: readonly CycleFigures[]): Html {
  const shown = cycles.slice(-60);
  const width = 60 * (BAR + GAP);
  const bars = shown.map((cycle, index) => {
    const height = heightOf(cycle.seconds);
    const x = width - (shown.length - index) * (BAR + GAP);
    const what = cycle.created + cycle.updated + cycle.withdrawn;
    return html`
      <rect class="${cycle.outcome}" x="${x}" y="${HEIGHT - height}" width="${BAR}" height="${height}" rx="1">
        <title>${timeOf(cycle.startedAt)}: ${WORDS[cycle.outcome]} in ${secondsOf(
          cycle.seconds,
        )}, ${count(what, 'change')}</title>
      </rect>
    `;
  });
  const failed = shown.filter(({ outcome }) => outcome === 'failed').length;
  return html`
    <svg class="chart" viewBox="0 0 ${width} ${HEIGHT}" role="img" preserveAspectRatio="xMaxYMax slice"
      aria-label="The last ${count(shown.length, 'sync')}: how long each took. ${failed} failed.">${bars}</svg>
  `;
}

function heightOf(seconds: number): number {
  const share = Math.log(Math.max(seconds, SHORTEST) / SHORTEST) / Math.log(LONGEST / SHORTEST);
  return Math.round(4 + Math.min(share, 1) * (HEIGHT - 4));
}

/** `0.01 s`, `12 s`, `3 min`. */
export function secondsOf(seconds: number): string {
  if (seconds >= 120) return `${Math.round(seconds / 60)} min`;
  return seconds >= 10 ? `${Math.round(seconds)} s` : `${seconds.toFixed(2)} s`;
}

/** The moment in the reader's words is the browser's affair; without JavaScript it is UTC. */
export function timeOf(iso: string): Html {
  return html`<time datetime="${iso}">${minuteOf(iso)} UTC</time>`;
}

/** In the reader's way of writing it, which is the browser's affair; without JavaScript it is English. */
export function numberOf(value: number): Html {
  return html`<data class="number" value="${value}">${value.toLocaleString('en')}</data>`;
}

/** A sentence in which there may be numbers such as `1,234`: "1,234" is less than two to many readers. */
export function withNumbers(text: string): Html {
  const parts = text.split(/(?<![\d.,])(\d{1,3}(?:,\d{3})+)(?![\d,])/);
  return html`${parts.map((part, index) => index % 2 === 0 ? part : numberOf(Number(part.replaceAll(',', ''))))}`;
}
