import { describe, expect, it } from '@jest/globals';
import { parse, type Type } from 'rxmesh/protobufjs';
import { protobufFormat } from '../../lib/cli/messages.node.ts';

const { root } = parse(`
syntax = "proto3";
enum Kind { NONE = 0; ALERT = 1; }
message Inner { string text = 1; }
message Note {
  Inner inner = 1;
  Kind kind = 2;
  int64 big = 3;
  repeated Inner many = 4;
  map<string, Inner> named = 5;
  bytes blob = 6;
  double part = 7;
  bool flag = 8;
}
`);
root.resolveAll();
const note: Type = root.lookupType('Note');
const format = protobufFormat(note);

describe('a protobuf message as JSON', () => {
  it.each([
    '{"inner":{"text":"hi"},"kind":"ALERT","big":"12"}',
    '{"many":[{"text":"a"},{}],"named":{"x":{"text":"b"}}}',
    '{"blob":"AQI=","part":1.5,"flag":true}',
    '{}',
  ])('%s is sent as it is', (text) => {
    const { codec } = format;
    expect(codec.decode(codec.encode(format.fromText(text)))).toEqual(JSON.parse(text));
  });

  it.each([
    ['[]', 'not an object: "[]"'],
    ['{"typo":1}', 'Note has no field "typo"'],
    ['{"constructor":1}', 'Note has no field "constructor"'],
    ['{"inner":{"txet":"hi"}}', 'Inner has no field "txet" (did you mean text?)'],
    ['{"inner":"x"}', 'inner: not an object: '],
    ['{"inner":[]}', 'inner: not an object: '],
    ['{"many":[{},{"txet":1}]}', 'Inner has no field "txet"'],
    ['{"many":{}}', 'many: not an array: '],
    ['{"named":{"x":{"txet":1}}}', 'Inner has no field "txet"'],
    ['{"named":[]}', 'named: not an object: '],
    ['{"kind":"ALRET"}', 'kind: Kind has no value "ALRET" (did you mean ALERT?)'],
    ['{"kind":true}', 'kind: not a value of Kind: '],
    ['{"big":"abc"}', 'big: not a whole number: '],
    ['{"big":1.5}', 'big: not a whole number: '],
    ['{"part":"x"}', 'part: not a number: '],
    ['{"flag":"yes"}', 'flag: not true or false: '],
    ['{"blob":"?"}', 'blob: not base64: '],
    ['{"inner":{"text":1}}', 'inner.text: not a text: '],
  ])('%s is refused', (text, problem) => {
    expect(() => format.fromText(text)).toThrow(problem);
  });
});
