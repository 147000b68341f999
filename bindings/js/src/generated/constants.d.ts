// Generated from the definition in protocol/ by scripts/generate. Do not edit.

/** The version of the wire contract. */
export declare const PROTOCOL_VERSION: string;
