import ts from 'typescript';
import type { Mutant } from './mutant.ts';
import { sqlChanges } from './sql.ts';

const { SyntaxKind } = ts;

const OPERATORS = new Map<ts.SyntaxKind, string>([
  [SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [SyntaxKind.LessThanToken, '<='],
  [SyntaxKind.LessThanEqualsToken, '<'],
  [SyntaxKind.GreaterThanToken, '>='],
  [SyntaxKind.GreaterThanEqualsToken, '>'],
  [SyntaxKind.AmpersandAmpersandToken, '||'],
  [SyntaxKind.BarBarToken, '&&'],
  [SyntaxKind.PlusToken, '-'],
  [SyntaxKind.MinusToken, '+'],
  [SyntaxKind.AsteriskToken, '/'],
  [SyntaxKind.SlashToken, '*'],
  [SyntaxKind.PercentToken, '*'],
]);

const METHODS = new Map([
  ['some', 'every'],
  ['every', 'some'],
  ['startsWith', 'endsWith'],
  ['endsWith', 'startsWith'],
  ['min', 'max'],
  ['max', 'min'],
  ['floor', 'ceil'],
  ['ceil', 'floor'],
]);

/** Calls of these are left out: `x.filter(f)` becomes `x`. */
const LEFT_OUT = new Set(['filter', 'sort', 'toSorted', 'reverse', 'toReversed', 'trim', 'toLowerCase']);

/** What tells people and machines how it goes is no behaviour that a test of photos sees. */
const TALK = /^(await )?(log|logger|progress|print)\b/;

/** Every mutant of one file, in the order of the text. Declarations of types and imports have none. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const mutants: Mutant[] = [];
  const add = (start: number, end: number, replacement: string, kind: string, isSql = false) => {
    if (text.slice(start, end) !== replacement) mutants.push({ file, start, end, replacement, kind, isSql });
  };
  const replace = (node: ts.Node, replacement: string, kind: string) =>
    add(node.getStart(source), node.getEnd(), replacement, kind);
  const condition = (node: ts.Expression) => {
    for (const value of ['true', 'false']) replace(node, value, `condition to ${value}`);
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return;
    if (ts.isTypeAliasDeclaration(node) || ts.isThrowStatement(node)) return;
    if (ts.isTaggedTemplateExpression(node) && isSql(node, source)) statement(node.template);
    if (ts.isBinaryExpression(node)) operator(node);
    if (ts.isPrefixUnaryExpression(node) && node.operator === SyntaxKind.ExclamationToken) {
      replace(node, node.operand.getText(source), '! removed');
    }
    if (ts.isIfStatement(node)) condition(node.expression);
    if (ts.isConditionalExpression(node)) condition(node.condition);
    if (node.kind === SyntaxKind.TrueKeyword) replace(node, 'false', 'true to false');
    if (node.kind === SyntaxKind.FalseKeyword) replace(node, 'true', 'false to true');
    if (ts.isNumericLiteral(node)) replace(node, String(Number(node.text) + 1), 'constant + 1');
    if (ts.isExpressionStatement(node)) {
      if (TALK.test(node.getText(source))) return;
      replace(node, ';', 'statement removed');
    }
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) call(node, node.expression);
    ts.forEachChild(node, visit);
  };
  const operator = ({ left, operatorToken, right }: ts.BinaryExpression) => {
    const other = OPERATORS.get(operatorToken.kind);
    if (other) replace(operatorToken, other, `${operatorToken.getText(source)} to ${other}`);
    if (operatorToken.kind === SyntaxKind.QuestionQuestionToken) {
      add(left.getStart(source), right.getEnd(), right.getText(source), '?? to its right side');
    }
  };
  const call = (node: ts.CallExpression, { expression, name }: ts.PropertyAccessExpression) => {
    const other = METHODS.get(name.text);
    if (other) replace(name, other, `${name.text} to ${other}`);
    if (LEFT_OUT.has(name.text)) replace(node, expression.getText(source), `${name.text} left out`);
  };
  const statement = (template: ts.TemplateLiteral) => {
    const start = template.getStart(source) + 1;
    const holes = ts.isTemplateExpression(template)
      ? template.templateSpans.map(({ expression, literal }) => ({
        start: expression.getFullStart() - 2 - start,
        end: literal.getStart(source) + 1 - start,
      }))
      : [];
    for (const change of sqlChanges(text.slice(start, template.getEnd() - 1), holes)) {
      add(start + change.start, start + change.end, change.replacement, change.kind, true);
    }
  };
  visit(source);
  return mutants.sort((a, b) => a.start - b.start || a.end - b.end);
}

function isSql({ tag }: ts.TaggedTemplateExpression, source: ts.SourceFile): boolean {
  return /^(sql|tx)\b|[sS]ql$/.test(tag.getText(source));
}
