import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { dropReasons } from '../../lib/inspect/drop-reasons.ts';
import { codesIn, read, rowsOf, sources } from './documents.ts';

const parse = (text: string): ts.SourceFile =>
  ts.createSourceFile('source.ts', text, ts.ScriptTarget.ES2022, true);

/** The texts of a union of string literals, which is declared under this name. */
function membersOf(file: string, name: string): readonly string[] {
  const declared = parse(read(file))
    .statements.filter(ts.isTypeAliasDeclaration)
    .find((statement) => statement.name.text === name)?.type;
  if (declared === undefined || !ts.isUnionTypeNode(declared)) throw new Error(`no union ${name}`);
  return declared.types.map((type) => type.getText().replaceAll("'", ''));
}

/**
 * The string literals that are values in a text: not in types, and not what something is compared
 * with.
 */
function valuesIn(text: string): ReadonlySet<string> {
  const values = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) && !isType(node) && !isCompared(node)) values.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(parse(text));
  return values;
}

const isType = ({ parent }: ts.Node): boolean => ts.isLiteralTypeNode(parent);
const isCompared = ({ parent }: ts.Node): boolean =>
  ts.isCaseClause(parent) ||
  (ts.isBinaryExpression(parent) && /==/.test(parent.operatorToken.getText()));

const firstCodes = (file: string): readonly string[] =>
  rowsOf(file).flatMap(([first = '']) => codesIn(first).slice(0, 1));

describe('docs/errors.md', () => {
  const codes = membersOf('lib/model/error.ts', 'ErrorCode');
  const reasons = membersOf('lib/model/event.ts', 'DropReason');
  const documented = firstCodes('docs/errors.md');

  it('has a row for each code, and no other codes', () => {
    const rows = documented.filter((code) => code.startsWith('RXMESH_'));
    expect([...rows].sort()).toEqual([...codes].sort());
  });

  it('has a row for each reason of a drop, and no other reasons', () => {
    const rows = documented.filter((code) => /^[a-z]+-/.test(code));
    expect([...rows].sort()).toEqual([...reasons].sort());
  });

  it('explains the reasons of drops as the page of the inspector does', () => {
    const explained = rowsOf('docs/errors.md').flatMap(([reason = '', why = '']) => {
      const name = reason.replaceAll('`', '').trim();
      return reasons.includes(name) ? [[name, why.trim()]] : [];
    });
    expect(Object.fromEntries(explained)).toEqual(dropReasons);
  });

  it('names in its text codes that exist only', () => {
    const named = read('docs/errors.md').match(/RXMESH_[A-Z_]+/g) ?? [];
    expect(named.filter((code) => !codes.includes(code))).toEqual([]);
  });
});

describe('the sources', () => {
  it('are read with an eye for what only looks like raising', () => {
    const text = "let a: 'type'; switch (a) { case 'case': } if (a !== 'other') raise('value');";
    expect([...valuesIn(text)]).toEqual(['value']);
  });

  const values = new Set(sources.flatMap((file) => [...valuesIn(read(file))]));

  it.each(membersOf('lib/model/error.ts', 'ErrorCode'))('raise %s', (code) => {
    expect(values.has(code)).toBe(true);
  });

  it.each(membersOf('lib/model/event.ts', 'DropReason'))('drop with the reason %s', (reason) => {
    expect(values.has(reason)).toBe(true);
  });
});
