import { html } from 'hono/html';
import type { ProblemCode } from '../../problems/codes.ts';
import { docsAddress } from '../../published.ts';
import type { Html } from './frame.ts';

/** Leads to what the documentation says about a problem. `what`: for somebody who hears the links of a page one after the other. */
export function helpWith(code: ProblemCode, what: string): Html {
  return html`<a href="${docsAddress(`problems.md#${code}`)}" aria-label="Help: ${what}">Help</a>`;
}
