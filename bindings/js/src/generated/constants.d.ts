// Generated from the definition in protocol/ by scripts/generate. Do not edit.

/** The version of the wire contract. */
export declare const PROTOCOL_VERSION: string;

/** The directory that makes the one it is in a project. */
export declare const PROJECT_DIR: string;

/** Where the daemon's socket is, relative to the project's directory. */
export declare const SOCKET_PATH: string;

/** The environment variable that names the socket to use, whatever the working directory. */
export declare const SOCKET_ENV: string;

/**
 * The environment variable that lists projects that may belong to anyone, as PATH lists
 * directories.
 */
export declare const SAFE_DIRECTORY_ENV: string;

/** The command that starts the daemon. */
export declare const START_COMMAND: string;

/**
 * The longest socket path that every system takes, in bytes. A longer one is a symbolic link to a
 * shorter one, which is the one to connect to.
 */
export declare const MAX_SOCKET_PATH: number;

/**
 * The longest line that a client takes from a daemon, in bytes. Whoever sends a longer one is none.
 */
export declare const MAX_ANSWER_BYTES: number;

/**
 * The methods whose calls may be sent again when an answer was lost: `safe` as they are, `key` with
 * the same `idempotencyKey`.
 */
export declare const REPEATABLE: Readonly<Record<string, 'safe' | 'key'>>;
