import { RxmeshError } from '../model/error.ts';
import { nearest } from '../model/nearest.ts';
import { quote } from '../model/quote.ts';
import type { ProtoType } from './messages.node.ts';

type Field = ProtoType['fieldsArray'][number];

/**
 * Checks that a JSON value is what a message type holds, however deep. protobufjs would leave out
 * what it does not know, or send a zero.
 * @throws {RxmeshError} `RXMESH_ENCODE_FAILED` that says what is wrong
 */
export function checkMessage(type: ProtoType, value: unknown, place = ''): void {
  if (!isObject(value)) throw refused(place, 'not an object', value);
  // Its JSON has the fields of another type.
  if (type.fullName === '.google.protobuf.Any') return;
  for (const [name, inner] of Object.entries(value)) {
    if (!Object.hasOwn(type.fields, name)) {
      throw failure(`${type.name} has no field ${unknown(name, Object.keys(type.fields))}`);
    }
    const field = type.fields[name];
    // Without a value, a field is not set.
    if (field !== undefined && inner !== null) checkField(field, inner, `${place}${name}`);
  }
}

function checkField(field: Field, value: unknown, place: string): void {
  if (field.map) {
    if (!isObject(value)) throw refused(place, 'not an object', value);
    for (const [key, inner] of Object.entries(value)) checkOne(field, inner, `${place}.${key}`);
  } else if (field.repeated) {
    if (!Array.isArray(value)) throw refused(place, 'not an array', value);
    for (const [at, inner] of value.entries()) checkOne(field, inner, `${place}[${at}]`);
  } else {
    checkOne(field, value, place);
  }
}

function checkOne({ resolvedType, type }: Field, value: unknown, place: string): void {
  if (resolvedType === null) {
    checkScalar(type, value, place);
  } else if ('fields' in resolvedType) {
    checkMessage(resolvedType, value, `${place}.`);
  } else if (typeof value === 'string') {
    const { name, values } = resolvedType;
    if (Object.hasOwn(values, value)) return;
    throw failure(`${place}: ${name} has no value ${unknown(value, Object.keys(values))}`);
  } else if (!Number.isInteger(value)) {
    throw refused(place, `not a value of ${resolvedType.name}`, value);
  }
}

function checkScalar(type: string, value: unknown, place: string): void {
  if (type === 'string') {
    if (typeof value !== 'string') throw refused(place, 'not a text', value);
  } else if (type === 'bool') {
    if (typeof value !== 'boolean') throw refused(place, 'not true or false', value);
  } else if (type === 'bytes') {
    const isText = typeof value === 'string' && /^[\w+/-]*={0,2}$/.test(value);
    if (!isText && !Array.isArray(value)) throw refused(place, 'not base64', value);
  } else if (type === 'float' || type === 'double') {
    const isText = typeof value === 'string' && /^(NaN|-?(Infinity|\d.*))$/.test(value);
    if (typeof value === 'number') return;
    const isNumber = isText && (value === 'NaN' || !Number.isNaN(Number(value)));
    if (!isNumber) throw refused(place, 'not a number', value);
  } else {
    const isText = typeof value === 'string' && /^-?\d+$/.test(value);
    if (!isText && !Number.isInteger(value)) throw refused(place, 'not a whole number', value);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknown(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return `${quote(name)}${near === undefined ? '' : ` (did you mean ${near}?)`}`;
}

function refused(place: string, what: string, value: unknown): RxmeshError {
  const where = place === '' ? '' : `${place.replace(/\.$/, '')}: `;
  return failure(`${where}${what}: ${quote(JSON.stringify(value))}`);
}

function failure(text: string): RxmeshError {
  return new RxmeshError('RXMESH_ENCODE_FAILED', text);
}
