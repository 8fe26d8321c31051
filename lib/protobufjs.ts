/**
 * protobufjs, in the copy that rxmesh itself uses: make reflected types with it.
 *
 *     const { root } = parse('syntax = "proto3"; message Note { string text = 1; }');
 *     const notes = router.openChannel({ id: 1, codec: protobuf(root.lookupType('Note')) });
 *
 * Generated classes import `protobufjs/minimal` instead, which a project then has as a dependency
 * of its own.
 */
export {
  configure,
  Enum,
  Field,
  MapField,
  Message,
  Namespace,
  OneOf,
  parse,
  Reader,
  Root,
  Service,
  Type,
  util,
  Writer,
} from 'protobufjs';
export type { IConversionOptions, INamespace, IParserResult, IType } from 'protobufjs';
