import ts from 'typescript';
import { READERS_WORDS } from './rules.ts';

/** Words of the code that a screen does not use, each with the one that it uses instead. */
const SCREEN_WORDS: readonly (readonly [said: RegExp, instead: string])[] = [
  [/(?<![\w/.,=-])jobs?(?![\w/[-]|\.\w)/i, 'share'],
  [/(?<![\w/.,=-])cycles?(?![\w/-]|\.\w)/i, 'sync'],
  [/(?<![\w/.,=-])mirror(?:s|ed)?(?![\w/-]|\.\w)/i, 'shared photo'],
  [/(?<![\w/.,=-])ledgers?(?![\w/-]|\.\w)/i, 'history'],
  [/(?<![\w/.,=-])tombstones?(?![\w/-]|\.\w)/i, 'declined'],
  [/(?<![\w/.,=-])(?:withdraw(?:s|n|als?)?|withdrew)(?![\w/-]|\.\w)/i, 'removed, stop sharing'],
  [/(?<![\w/.,=-])brakes?(?![\w/-]|\.\w)/i, 'paused'],
];

/** Names of values, keys of the configuration and attributes of HTML, and Immich's own jobs: no words of ours. */
const NAMES: readonly RegExp[] = [
  /\{\w+\}/g,
  /\b(?:class|name)="jobs?"|\bjobs:|under jobs\b|\bjobs and sync_jobs\b/g,
  /\bsource, mirror, field\b/g,
  /Administration > Jobs|runs all its jobs|^job index$/g,
];

/** Sentences of a module that somebody may read on a screen and that use words of the code. A sentence has a space in it, and is no SQL. */
export function screenWordProblems(module: string, text: string): string[] {
  const source = ts.createSourceFile(module, text, ts.ScriptTarget.Latest, true);
  const problems: string[] = [];
  const look = (node: ts.Node, written: string) => {
    const sentence = NAMES.reduce((text, name) => text.replaceAll(name, '…'), written);
    if (!/\S\s\S/.test(sentence)) return;
    for (const [word, instead] of [...SCREEN_WORDS, ...READERS_WORDS]) {
      const [said] = word.exec(sentence) ?? [];
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      if (said !== undefined) problems.push(`${module}:${line + 1} says "${said}" to a person (instead: ${instead})`);
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || isSql(node)) return;
    if (ts.isStringLiteralLike(node)) look(node, node.text);
    // What is counted is said behind a number.
    if (ts.isCallExpression(node) && /^(?:count|plural)$/.test(node.expression.getText())) {
      for (const one of node.arguments.filter(ts.isStringLiteralLike)) look(one, `2 ${one.text}`);
    }
    if (ts.isTemplateExpression(node)) {
      look(node, [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('…'));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return problems;
}

function isSql(node: ts.Node): boolean {
  return ts.isTaggedTemplateExpression(node) && /\bsql$|^(?:transaction|tx|connection)\b/.test(node.tag.getText());
}
