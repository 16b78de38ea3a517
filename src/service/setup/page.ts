import { html } from 'hono/html';
import { frame, type Html } from '../dashboard/frame.ts';
import { CODE_MINUTES, CODE_TRIES } from './code.ts';
import type { Conversation } from './conversation.ts';
import type { PutQuestion, Remark, SetupEnd } from './messages.ts';

/** The form for the code in the log, as a part of a page. */
export function codeForm(isVoid: boolean, message?: string): Html {
  return html`
    <section aria-labelledby="set-up">
      <h2 id="set-up">Set it up here</h2>
      ${message === undefined ? '' : html`
        <p class="note bad" role="alert">${message}</p>
      `}
      ${isVoid
        ? html`
          <p>The code in the log cannot be used any more: it is good for ${CODE_MINUTES} minutes, ${CODE_TRIES} tries, and once.</p>
          <form method="post" action="/setup/code"><input type="hidden" name="renew" value="yes">
            <button>Write a new code into the log</button></form>
        `
        : html`
          <p>The log of immich-sidecar has a code for you, good for ${CODE_MINUTES} minutes. With Docker: <code>docker compose -f immich-sidecar.yaml logs</code>, or
            <code>docker logs immich_sidecar</code>.</p>
          <form method="post" action="/setup/code"><label for="code">The code in the log</label>
            <input id="code" name="code" required autocomplete="off" autocapitalize="characters" spellcheck="false" size="12"
              placeholder="XXXX-XXXX"><button class="first">Begin</button></form>
        `}
    </section>
  `;
}

/** The page of somebody who does not know the code yet. */
export function codePage(isVoid: boolean, message: string | undefined): Html {
  return frame('Set up', html`${heading()}<main id="content">${codeForm(isVoid, message)}</main>`);
}

/** What the wizard asks, says, or has done. */
export function wizardPage(conversation: Conversation): Html {
  const { question, end, said, number } = conversation;
  const isWaiting = question === undefined && end === undefined;
  const refresh = html`
    <meta http-equiv="refresh" content="2">
  `;
  return frame(
    'Set up',
    html`${heading()}
<main id="content">
<section aria-labelledby="set-up">
${question === undefined ? '' : html`${said.map(saying)}${form(question, number)}`}
${end === undefined ? '' : ending(end)}
${
      isWaiting
        ? html`
          <h2
            id="set-up">At work …</h2>${said.map(
              saying,
            )}<p>Looking at Immich, its database and its directories. The page follows by itself.</p>
        `
        : ''
    }
</section>
${answers(conversation)}
</main>`,
    isWaiting ? refresh : '',
  );
}

function heading(): Html {
  return html`
    <header>
      <h1>immich-sidecar: set up</h1>
    </header>
  `;
}

const TONES: Readonly<Record<Remark['tone'], string>> = { info: '', success: 'good', warning: 'held', problem: 'bad' };

/** A line of a plan: what is made or changed, or, further in, what a file will say. */
const STEP = /^(?:[-+~]|\s+)\s*/;

function saying({ text, tone }: Remark): Html {
  const [first = '', ...lines] = text.split('\n');
  if (lines.length === 0 || !lines.every((line) => STEP.test(line))) {
    return html`<p class="note ${TONES[tone]}">${text}</p>`;
  }
  return html`
    <div class="note ${TONES[tone]}">
      <p>${first}</p>
      <ul class="plan">${lines.map((line) =>
        line.startsWith(' ')
          ? html`<li class="inner"><code>${line.trim()}</code></li>`
          : html`<li>${line.replace(STEP, '')}</li>`
      )}</ul>
    </div>
  `;
}

function form(question: PutQuestion, number: number): Html {
  return html`<form class="question" method="post" action="/setup/answer" autocomplete="off">
<input type="hidden" name="number" value="${number}">
${fields(question)}
<div class="buttons">
${
    question.kind === 'yes-no'
      ? html`<button name="answer" value="yes" class="${question.initial ? 'first' : ''}">Yes</button>
<button name="answer" value="no" class="${question.initial ? '' : 'first'}">No</button>`
      : html`<button class="first">Next</button>`
  }
<button name="do" value="back" formnovalidate>Back</button>
<button name="do" value="stop" formnovalidate>Stop</button>
</div></form>
<p><small>Nothing is changed until you say yes at the end.</small></p>`;
}

function fields(question: PutQuestion): Html {
  switch (question.kind) {
    case 'text':
      return html`<h2 id="set-up"><label for="text">${question.message}</label></h2>
<input id="text" name="text" value="${question.initial ?? ''}" autofocus spellcheck="false" autocapitalize="none">`;
    case 'secret':
      return html`<h2 id="set-up"><label for="text">${question.message}</label></h2>
<input id="text" name="text" type="password" autofocus autocomplete="off">`;
    case 'choice':
      return html`<fieldset><legend><h2 id="set-up">${question.message}</h2></legend>${
        question.options.map(({ label, hint }, index) =>
          html`
            <label
              class="option"><input type="radio" name="index" value="${index}" ${index === question.initial
                ? 'checked'
                : ''}><span>${label}${hint === undefined ? '' : html`
                <small>${hint}</small>
              `}</span></label>
          `
        )
      }</fieldset>`;
    case 'choices':
      return html`<fieldset><legend><h2 id="set-up">${question.message}</h2></legend>
<input type="hidden" name="many" value="yes">${checkBoxes(question)}</fieldset>`;
    case 'yes-no':
      return html`<h2 id="set-up">${question.message}</h2>`;
  }
}

/** The name of all check boxes; as it ends, they are a list. */
export const TICKED = 'ticked[]';

/** Those of one sort stand together, below what they are. */
function checkBoxes({ options, initial }: Extract<PutQuestion, { kind: 'choices' }>): Html[] {
  const checked = new Set(initial);
  const boxes = options.map((option, index) => ({ ...option, index }));
  return [...Map.groupBy(boxes, ({ group }) => group)].map(([group, ofGroup]) =>
    html`${group === undefined ? '' : html`<h3>${group}</h3>`}<div class="scroll">${
      ofGroup.map(({ label, hint, index }) =>
        html`
          <label
            class="option"><input type="checkbox" name="${TICKED}" value="${index}" ${checked.has(index)
              ? 'checked'
              : ''}><span>${label}${hint === undefined ? '' : html`
              <small>${hint}</small>
            `}</span></label>
        `
      )
    }</div>`
  );
}

function ending({ kind, lines }: SetupEnd): Html {
  const isDone = kind === 'done' || kind === 'nothing';
  const heading = { done: 'Done', nothing: 'Done', stopped: 'Stopped', failed: 'That did not work' }[kind];
  return html`<h2 id="set-up">${heading}</h2>${
    lines.map((line) =>
      html`
        <p class="note ${isDone ? 'good' : kind === 'failed' ? 'bad' : ''}">${line}</p>
      `
    )
  }${
    isDone
      ? html`
        <p><a href="/">To the dashboard</a>, which shows the first copy in a few seconds.</p>
      `
      : html`
        <form method="post" action="/setup/begin"><button class="first">Begin again</button></form>
      `
  }`;
}

function answers({ answered }: Conversation): Html | string {
  if (answered.length === 0) return '';
  return html`
    <section aria-labelledby="answers">
      <details>
        <summary id="answers">Answers until now</summary>
        <dl>${answered.map(({ question, answer }) =>
          html`
            <dt>${question}</dt>
            <dd>${answer}</dd>
          `
        )}</dl>
      </details>
    </section>
  `;
}
