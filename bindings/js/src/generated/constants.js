// Generated from the definition in protocol/ by scripts/generate. Do not edit.

export const PROTOCOL_VERSION = '1.0';
export const PROJECT_DIR = '.aiwg';
export const SOCKET_PATH = '.aiwg/daemon/daemon.sock';
export const SOCKET_ENV = 'AIWG_DAEMON_SOCKET';
export const SAFE_DIRECTORY_ENV = 'AIWG_SAFE_DIRECTORY';
export const START_COMMAND = 'aiwg daemon start';
export const MAX_SOCKET_PATH = 100;
export const MAX_ANSWER_BYTES = 67108864;
