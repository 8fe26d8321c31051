import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { codesIn, read, rowsOf } from './documents.ts';

/** The members of the union `RouterEvent`: the names of their fields, by their types. */
function eventsDeclared(): ReadonlyMap<string, readonly string[]> {
  const file = 'lib/model/event.ts';
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, true);
  const union = source.statements
    .filter(ts.isTypeAliasDeclaration)
    .find(({ name }) => name.text === 'RouterEvent')?.type;
  if (union === undefined || !ts.isUnionTypeNode(union))
    throw new Error('RouterEvent is not a union');
  return new Map(
    union.types.filter(ts.isTypeLiteralNode).map(({ members }) => {
      const fields = members.filter(ts.isPropertySignature);
      const type = fields.find(({ name }) => name.getText() === 'type')?.type;
      const names = fields.map(({ name, questionToken }) =>
        questionToken === undefined ? name.getText() : `${name.getText()}?`,
      );
      return [type?.getText().replaceAll("'", '') ?? '', names.filter((name) => name !== 'type')];
    }),
  );
}

describe('docs/events.md', () => {
  const declared = eventsDeclared();
  const rows = rowsOf('docs/events.md').filter(([, fields = '']) => fields.startsWith('`'));
  const documented = new Map(
    rows.map(([event = '', fields = '']) => [codesIn(event)[0] ?? '', codesIn(fields)]),
  );

  it('finds the events that are declared', () => {
    expect(declared.size).toBeGreaterThan(10);
    expect(declared.get('peer-channel')).toEqual(['peer', 'channel', 'open']);
  });

  it('has one row for each event, in the order of their declaration', () => {
    expect([...documented.keys()]).toEqual([...declared.keys()]);
    expect(rows).toHaveLength(declared.size);
  });

  it.each([...declared])('names the fields of %s', (event, fields) => {
    expect(documented.get(event)).toEqual(fields);
  });
});
