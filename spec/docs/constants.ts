import { posix } from 'node:path';
import ts from 'typescript';
import { read } from './documents.ts';

const parsed = new Map<string, ts.SourceFile>();

function parse(file: string): ts.SourceFile {
  const known = parsed.get(file);
  if (known !== undefined) return known;
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, true);
  parsed.set(file, source);
  return source;
}

/** The names of the constants that stand by themselves in a file. */
export function constantsOf(file: string): readonly string[] {
  return parse(file)
    .statements.filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) =>
      declarationList.declarations.map(({ name }) => name.getText()),
    );
}

/**
 * The number that a name stands for in a file: of a constant, a property of an object, or a
 * default. Follows names, also into other files.
 *
 * @throws {Error} when there is no such name, or it is no number that can be known
 */
export function valueOf(file: string, name: string): number {
  const value = numberOf(file, name);
  if (value === undefined) throw new Error(`${file} has no number of the name ${name}`);
  return value;
}

/** The same; undefined if the name stands for something else, such as the kind of an option. */
function numberOf(file: string, name: string): number | undefined {
  const values: number[] = [];
  const visit = (node: ts.Node): void => {
    const value = isNamed(node, name) && node.initializer && evaluate(file, node.initializer);
    if (typeof value === 'number') values.push(value);
    ts.forEachChild(node, visit);
  };
  visit(parse(file));
  const [value, ...others] = values;
  if (others.some((other) => other !== value)) throw new Error(`${file} has several ${name}`);
  return value;
}

type Named =
  | ts.VariableDeclaration
  | ts.PropertyAssignment
  | ts.PropertyDeclaration
  | ts.ParameterDeclaration
  | ts.BindingElement;

function isNamed(node: ts.Node, name: string): node is Named {
  const hasInitializer =
    ts.isVariableDeclaration(node) ||
    ts.isPropertyAssignment(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isParameter(node) ||
    ts.isBindingElement(node);
  return hasInitializer && node.name.getText() === name;
}

/** The number that an expression has; undefined when that depends on the run. */
function evaluate(file: string, node: ts.Expression): number | undefined {
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isParenthesizedExpression(node)) return evaluate(file, node.expression);
  if (ts.isIdentifier(node)) return numberOf(fileOf(file, node.text), node.text);
  if (ts.isBinaryExpression(node)) return evaluateBinary(file, node);
  if (ts.isCallExpression(node)) return evaluateCall(file, node);
  return node.getText() === 'Number.MAX_SAFE_INTEGER' ? Number.MAX_SAFE_INTEGER : undefined;
}

function evaluateBinary(file: string, node: ts.BinaryExpression): number | undefined {
  const right = evaluate(file, node.right);
  // The default where an option is absent.
  if (node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) return right;
  const left = evaluate(file, node.left);
  if (left === undefined || right === undefined) return undefined;
  switch (node.operatorToken.kind) {
    case ts.SyntaxKind.AsteriskToken:
      return left * right;
    case ts.SyntaxKind.AsteriskAsteriskToken:
      return left ** right;
    case ts.SyntaxKind.PlusToken:
      return left + right;
    case ts.SyntaxKind.MinusToken:
      return left - right;
    default:
      return undefined;
  }
}

/** `Math.max(a, b)`; or a lane such as `block(64)`, whose number is its capacity. */
function evaluateCall(file: string, node: ts.CallExpression): number | undefined {
  const called = node.expression.getText();
  if (!['Math.max', 'block', 'fail'].includes(called)) return undefined;
  const values = node.arguments.map((argument) => evaluate(file, argument) ?? NaN);
  return Math.max(...values);
}

/** The file where a name comes from: another one, if it is imported. */
function fileOf(file: string, name: string): string {
  const imported = parse(file)
    .statements.filter(ts.isImportDeclaration)
    .find(({ importClause }) => {
      const bindings = importClause?.namedBindings;
      if (bindings === undefined || !ts.isNamedImports(bindings)) return false;
      return bindings.elements.some((element) => element.name.text === name);
    });
  if (imported === undefined || !ts.isStringLiteral(imported.moduleSpecifier)) return file;
  return posix.join(posix.dirname(file), imported.moduleSpecifier.text);
}
