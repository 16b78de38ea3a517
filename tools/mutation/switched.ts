import { posix } from 'node:path';
import ts from 'typescript';
import { applied, type Mutant, type Named } from './mutant.ts';

interface Switch {
  readonly number: number;
  readonly start: number;
  readonly end: number;
  /** What the expression reads with the fault. */
  readonly text: string;
}

/** Where the module with `isMutant` is, in a copy of the repository. */
const SWITCH = 'tools/mutation/switch.ts';

/** Where a file of such a copy is as it was. */
export function originalOf(directory: string, file: string): string {
  return `${directory}/originals/${file}`;
}

/**
 * Builds all of these into a copy of the repository, by their index; what a file was before is where originalOf says. One that
 * cannot be switched is left out.
 */
export async function buildIn(directory: string, mutants: readonly Named[]): Promise<void> {
  await Deno.copyFile(new URL('./switch.ts', import.meta.url), `${directory}/${SWITCH}`);
  for (const file of new Set(mutants.map((mutant) => mutant.file))) {
    const path = `${directory}/${file}`;
    const text = await Deno.readTextFile(path);
    const own = new Map([...mutants.entries()].filter(([, mutant]) => mutant.file === file));
    await Deno.mkdir(posix.dirname(originalOf(directory, file)), { recursive: true });
    await Deno.writeTextFile(originalOf(directory, file), text);
    await Deno.writeTextFile(path, switched(text, own, posix.relative(posix.dirname(file), SWITCH)).text);
  }
}

/**
 * The text of a file with faults that can be switched on: an expression `e` becomes `(isMutant(7) ? (fault) : (e))`. Line numbers stay. Pure.
 *
 * @param mutants by number, all of this file
 * @param module that exports `isMutant`, as the file imports it
 * @returns `without`: the numbers of those that are not part of any expression
 */
export function switched(
  text: string,
  mutants: ReadonlyMap<number, Mutant>,
  module: string,
): { text: string; without: number[] } {
  const source = ts.createSourceFile('a.ts', text, ts.ScriptTarget.Latest, true);
  const without: number[] = [];
  const switches = [...mutants].flatMap(([number, mutant]): Switch[] => {
    const expression = expressionAround(source, mutant);
    if (expression === undefined) return without.push(number), [];
    const [start, end] = [expression.getStart(source), expression.getEnd()];
    // A statement that is left out has no value that anybody reads.
    const isStatement = mutant.end > end;
    const fault = applied(text.slice(0, end), mutant).slice(start);
    return [{ number, start, end, text: isStatement ? 'undefined' : fault }];
  });
  const body = render(text, 0, text.length, switches.sort((a, b) => a.start - b.start || b.end - a.end));
  return { text: `import { isMutant } from '${module}';${body}`, without };
}

function render(text: string, start: number, end: number, switches: readonly Switch[]): string {
  let [rendered, at] = ['', start];
  for (const outer of switches) {
    if (outer.start < at) continue;
    const within = switches.filter((one) => one.start >= outer.start && one.end <= outer.end);
    const [same, inner] = [within.filter((one) => isSame(one, outer)), within.filter((one) => !isSame(one, outer))];
    const faults = same.map((one) => `isMutant(${one.number}) ? (${one.text}) : `).join('');
    rendered += `${text.slice(at, outer.start)}(${faults}(${render(text, outer.start, outer.end, inner)}))`;
    at = outer.end;
  }
  return rendered + text.slice(at, end);
}

function isSame(a: Switch, b: Switch): boolean {
  return a.start === b.start && a.end === b.end;
}

/** The smallest expression around a mutant that another value may replace. */
function expressionAround(source: ts.SourceFile, { start, end }: Mutant): ts.Expression | undefined {
  let node: ts.Node = source;
  while (true) {
    const inner = ts.forEachChild(
      node,
      (child) => child.getStart(source) <= start && child.getEnd() >= end ? child : undefined,
    );
    if (inner === undefined) break;
    node = inner;
  }
  if (ts.isExpressionStatement(node)) return node.expression;
  while (!isReplaceable(node)) {
    if (node.parent === undefined) return undefined;
    node = node.parent;
  }
  return node;
}

function isReplaceable(node: ts.Node): node is ts.Expression {
  if (!ts.isExpression(node) || ts.isSpreadElement(node)) return false;
  const { parent } = node;
  if (ts.isTaggedTemplateExpression(parent) || ts.isExpressionWithTypeArguments(parent)) return false;
  // A name: of a property, a parameter, …
  if ('name' in parent && parent.name === node || 'propertyName' in parent && parent.propertyName === node) {
    return false;
  }
  if (ts.isBinaryExpression(parent) && parent.left === node) {
    const { kind } = parent.operatorToken;
    return kind < ts.SyntaxKind.FirstAssignment || kind > ts.SyntaxKind.LastAssignment;
  }
  if (ts.isDeleteExpression(parent) || ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent)) {
    return ts.isPrefixUnaryExpression(parent) && parent.operator === ts.SyntaxKind.ExclamationToken;
  }
  // What goes on behind it, `?.` and the `this` of a method among it, belongs to it.
  const goesOn = ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent) ||
    ts.isCallExpression(parent) || ts.isNewExpression(parent) || ts.isNonNullExpression(parent);
  return !(goesOn && parent.expression === node);
}
