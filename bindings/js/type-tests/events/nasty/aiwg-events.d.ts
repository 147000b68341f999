// Generated from the topics of .aiwg/daemon.json by `aiwg generate ts`. Do not edit.
// It types the topics of the client of `aiwg`; tsconfig.json has to include it.

import 'aiwg';

declare module 'aiwg' {
  interface TopicMap extends ProjectTopics {}
}

/** The topics of the project, each with its payload. */
export interface ProjectTopics {
  '-': Topic9438;
  '1:2': Topic12;
  ':': TopicPayload;
  'A:B': AB1f00;
  _: Topic196e;
  __proto__: Proto;
  'a-b': ABdf63;
  'a.b': ABf50c;
  'a/b': AB75c1;
  'a:b': AB;
  ab: Ab;
  any: AnyPayload;
  circles: Circles;
  /** Has *\/ and /* and """ and \ and \u0041 and {{ braces }} in it\ */
  class: Class;
  'daemon-client': DaemonClientPayload;
  endless: Endless;
  event: EventPayload;
  /** Ends with a "quote" */
  from: From;
  json: Json;
  'member:names': MemberNames;
  open: Open;
  'open:any': OpenAny;
  'project:topics': ProjectTopicsPayload;
  self: SelfPayload;
  string: StringPayload;
  'task-event': TaskEvent;
  'topic:event': TopicEventPayload;
  tree: Tree;
  tuples: Tuples;
  type: Type;
  'typed:dict': TypedDictPayload;
  'union:mixed': UnionMixed;
  'union:shared': UnionShared;
  'union:tagged': UnionTagged;
  'union:types': UnionTypes;
  /** Beyond types. */
  unsaid: Unsaid;
  value: ValuePayload;
}

export type Topic9438 = never;

export type Topic12 = 12;

export type TopicPayload = 'x';

export type AB1f00 = number;

export type Topic196e = null;

export interface Proto {
  __proto__?: string | undefined;
  /** It is a `string`: every object has a member of this name. */
  constructor?: unknown;
  __x?: number | undefined;
}

export type ABdf63 = boolean;

export type ABf50c = number;

export type AB75c1 = null;

export type AB = string;

export type Ab = unknown;

/** Its schema refers to nothing but itself: any JSON. */
export type AnyPayload = unknown;

export interface Circles {
  a?: CirclesA | undefined;
  c?: CirclesC | undefined;
  u?: CirclesU | undefined;
  root?: Circles | undefined;
  path?: CirclesPropertiesNamedPropertiesDeep | undefined;
  named?: CirclesNamed | undefined;
  escaped?: CirclesWith1slashAnd | undefined;
  /** The schema demands more than the type says: `$ref`. */
  none?: unknown;
  /** The schema demands more than the type says: `$ref`. */
  remote?: unknown;
}

export interface CirclesNamedDeep {
  x?: number | undefined;
}

export interface CirclesNamed {
  deep?: CirclesNamedDeep | undefined;
}

export type CirclesWith1slashAnd = string;

export interface CirclesPropertiesNamedPropertiesDeep {
  x?: number | undefined;
}

/** Its schema refers to nothing but itself: any JSON. */
export type CirclesU = unknown;

/** Its schema refers to nothing but itself: any JSON. */
export type CirclesC = unknown;

/** Its schema refers to nothing but itself: any JSON. */
export type CirclesA = unknown;

export type CirclesB = CirclesA;

/** Has *\/ and /* and """ and \ and \u0041 and {{ braces }} in it\ */
export type Class = Record<string, unknown>;

export type DaemonClientPayload = Record<string, unknown>;

export interface Endless {
  n?: EndlessN | undefined;
  m?: EndlessNM | undefined;
  o?: EndlessNMMO | undefined;
  s?: EndlessS | undefined;
}

export interface EndlessNMMO {
  n?: EndlessN | undefined;
  m?: EndlessNM | undefined;
  o?: EndlessNMMO | undefined;
}

export interface EndlessNMM {
  n?: EndlessN | undefined;
  m?: EndlessNMM | undefined;
  o?: EndlessNMMO | undefined;
  q: unknown;
}

export interface EndlessNM {
  n?: EndlessN | undefined;
  m?: EndlessNMM | undefined;
  o?: EndlessNMMO | undefined;
}

export interface EndlessN {
  n: EndlessN;
  m?: EndlessNM | undefined;
  o?: EndlessNMMO | undefined;
}

export type EndlessS = unknown;

export interface EventPayload {
  option?: string | undefined;
}

/** Ends with a "quote" */
export interface From {
  from: string;
}

export type Json = JsonValue | null;

export type JsonValue = string | number | boolean | Json[] | { [name: string]: Json };

export interface MemberNames {
  from: string;
  class: string;
  type: string;
  self: string;
  Self?: string | undefined;
  SELF?: string | undefined;
  super?: string | undefined;
  crate?: string | undefined;
  fn?: string | undefined;
  gen?: string | undefined;
  async?: string | undefined;
  None?: string | undefined;
  fooBar?: string | undefined;
  foo_bar?: string | undefined;
  FooBar?: string | undefined;
  'foo-bar'?: string | undefined;
  '': string;
  ' '?: string | undefined;
  '1'?: string | undefined;
  'größe'?: string | undefined;
  '日本'?: string | undefined;
  '🎉'?: string | undefined;
  '²'?: string | undefined;
  'a\u000ab'?: string | undefined;
  'a"b'?: string | undefined;
  'a\'b'?: string | undefined;
  'a\\b'?: string | undefined;
  'a\u2028b'?: string | undefined;
  '*/'?: string | undefined;
  list: string[];
  int: number;
  dict?: Record<string, unknown> | undefined;
  keys?: string | undefined;
  get?: string | undefined;
  other?: string | undefined;
  _?: string | undefined;
  __?: string | undefined;
  /** It is a `string`: every object has a member of this name. */
  constructor?: unknown;
  __proto__?: string | undefined;
  /**
   * *\/ """ \" `code` <b> [link] # head
   * - list
   * lazy
   *
   */
  'with docs'?: string | undefined;
  'not declared': unknown;
}

export interface Open {
  a: string;
  other?: string | undefined;
  /** Other members: `number`, which TypeScript cannot say. */
  [name: string]: unknown;
}

export interface OpenAny {
  a?: string | undefined;
  [name: string]: unknown;
}

export type ProjectTopicsPayload = unknown[];

export type SelfPayload =
  | 'self'
  | 'Self'
  | 'SELF'
  | ''
  | '1'
  | '-'
  | 'a b'
  | 'a-b'
  | 'ä'
  | '"'
  | '\''
  | '\\'
  | '\u000a'
  | 'None'
  | 'true';

export type StringPayload = string;

export type TaskEvent = string;

export type TopicEventPayload = TopicEventPayloadItem[];

export interface TopicEventPayloadItem {
  a?: string | undefined;
}

export type Tree = TreeNode;

export interface TreeNode {
  value: string;
  left?: TreeNode | undefined;
  right?: TreeNode | null | undefined;
  children?: TreeNode[] | undefined;
  byName?: Record<string, TreeNode> | undefined;
  /** Length at least 2. */
  pair?: [TreeNode, string] | undefined;
}

export interface Tuples {
  /** Length at least 2. */
  exact?: [number, string] | undefined;
  short?: [number?, (string | null)?] | undefined;
  /** Not empty. */
  long?: [number, ...string[]] | undefined;
  /** Length from 1 to 1. */
  one?: [number] | undefined;
  same?: [number?, number?, ...number[]] | undefined;
  nullable?: (string | null)[] | undefined;
}

export type Type = Record<string, never>;

export type TypedDictPayload = Record<string, number>;

export interface UnionMixed {
  a?: UnionMixedA | undefined;
  b?: UnionMixedB | undefined;
  c?: UnionMixedC | null | undefined;
  d?: UnionMixedD | undefined;
  e?: UnionMixedE | null | undefined;
  f?: UnionMixedF | undefined;
  g?: UnionMixedG | undefined;
  h?: never | undefined;
  /** The schema demands more than the type says: `not`. */
  i?: never | undefined;
  j?: string | undefined;
  k?: UnionMixedK | undefined;
  l?: UnionMixedL | undefined;
}

export type UnionMixedA = string | number;

export type UnionMixedB = string | number[];

export type UnionMixedC = 'x';

/**
 *
 *
 * - `low`: Little.
 */
export type UnionMixedD = 'low' | 'high';

export interface UnionMixedE {
  x?: string | undefined;
}

export type UnionMixedF = true;

export type UnionMixedG = 1 | 2 | 3;

export type UnionMixedK = never;

export type UnionMixedL = never;

export type UnionShared = UnionSharedVariant1 | UnionSharedVariant2;

export interface UnionSharedVariant1 {
  text: string;
  id: number;
}

export interface UnionSharedVariant2 {
  number: number;
  id: number;
}

export type UnionTagged = UnionTaggedCircle | UnionTaggedSquare | UnionTaggedOtherShape;

export type UnionTaggedCircleKind = 'circle';

export interface UnionTaggedCircle {
  kind: UnionTaggedCircleKind;
  radius: number;
}

export type UnionTaggedSquareKind = 'square';

export interface UnionTaggedSquare {
  kind: UnionTaggedSquareKind;
  side: number;
}

export type UnionTaggedOtherShapeKind = 'other';

/** Other shape */
export interface UnionTaggedOtherShape {
  kind: UnionTaggedOtherShapeKind;
}

export type UnionTypes = UnionTypesValue | null;

export type UnionTypesValue = string | number | string[];

/**
 * Beyond types.
 *
 * The schema demands more than the type says: `minProperties`, `patternProperties`.
 */
export interface Unsaid {
  when?: string | undefined;
  /** The schema demands more than the type says: `not`. */
  not?: string | undefined;
  /** The schema demands more than the type says: `if`, `then`. */
  if?: unknown;
  /** From 1 to 9; `3` when absent. */
  size?: number | undefined;
  /** The schema demands more than the type says: `patternProperties`. */
  headers?: Record<string, string> | undefined;
  either?: UnsaidEither | undefined;
  [name: string]: unknown;
}

/** The schema demands more than the type says: `anyOf`. */
export interface UnsaidEither {
  a?: unknown;
  b?: unknown;
}

export type ValuePayload = ValuePayloadValue | null;

export type ValuePayloadValue = 1 | 2.5 | true | 'x';
