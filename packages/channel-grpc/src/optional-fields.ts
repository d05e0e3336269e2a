// Puts back what protobufjs leaves out of the descriptors it writes: that a field was declared `optional`. Without it, tools show
// `oneof _priority { int32 priority = 3; }` in its place. To be removed once protobufjs writes `proto3_optional` itself (it sets
// the member under the wrong name, up to 7.6.6).
import type { PackageDefinition } from "@grpc/proto-loader";
import descriptor from "protobufjs/ext/descriptor/index.js";

interface Message {
  readonly field: { readonly name: string; readonly oneofIndex: number; proto3Optional: boolean }[];
  readonly oneofDecl: readonly { readonly name: string }[];
  readonly nestedType: readonly Message[];
}

/** The same definitions; reflection reads nothing of them but the descriptors of their files. */
export function withOptionalFields(definitions: PackageDefinition): PackageDefinition {
  const entries = Object.entries(definitions).map(([name, definition]) => {
    if (!Array.isArray(definition.fileDescriptorProtos)) return [name, definition];
    return [name, { ...definition, fileDescriptorProtos: definition.fileDescriptorProtos.map(markFile) }];
  });
  return Object.fromEntries(entries) as PackageDefinition;
}

function markFile(file: Buffer): Buffer {
  const decoded = descriptor.FileDescriptorProto.decode(file) as unknown as { messageType: readonly Message[] };
  decoded.messageType.forEach(mark);
  return Buffer.from(descriptor.FileDescriptorProto.encode(decoded).finish());
}

function mark({ field: fields, oneofDecl, nestedType }: Message): void {
  for (const field of fields) {
    // protoc, too, makes such a field the only one of a group that is named after it.
    const isOptional = Object.hasOwn(field, "oneofIndex") && oneofDecl[field.oneofIndex]?.name === `_${field.name}`;
    if (isOptional) field.proto3Optional = true;
  }
  nestedType.forEach(mark);
}
