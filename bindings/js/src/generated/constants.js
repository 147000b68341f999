// Generated from the definition in protocol/ by scripts/generate. Do not edit.

'use strict';

exports.PROTOCOL_VERSION = '1.0';
exports.PROJECT_DIR = '.aiwg';
exports.SOCKET_PATH = '.aiwg/daemon/daemon.sock';
exports.SOCKET_ENV = 'AIWG_DAEMON_SOCKET';
exports.SAFE_DIRECTORY_ENV = 'AIWG_SAFE_DIRECTORY';
exports.START_COMMAND = 'aiwg daemon start';
exports.RESERVED_TOPICS = [
  'agent:',
  'approval:',
  'automation:',
  'budget:',
  'chat:',
  'daemon:',
  'file:',
  'health:',
  'schedule:',
  'task:',
];
exports.MAX_SOCKET_PATH = 100;
exports.MAX_ANSWER_BYTES = 67108864;

exports.REPEATABLE = {
  ping: 'safe',
  'rpc.discover': 'safe',
  'daemon.status': 'safe',
  'daemon.logs': 'safe',
  'automation.status': 'safe',
  'automation.test': 'safe',
  'event.emit': 'key',
  'topic.list': 'safe',
  'event.list': 'safe',
  'chat.send': 'key',
  'chat.history': 'safe',
  'account.list': 'safe',
  'report.get': 'safe',
  'schedule.list': 'safe',
  'task.submit': 'key',
  'task.list': 'safe',
  'task.get': 'safe',
  'task.why': 'safe',
  'task.stats': 'safe',
  'task.wait': 'safe',
  'task.output': 'safe',
  'task.diff': 'safe',
  'workspace.list': 'safe',
  'host.list': 'safe',
  'task.retry': 'key',
  'budget.status': 'safe',
  'metrics.get': 'safe',
  'messaging.status': 'safe',
  'approval.list': 'safe',
  'approval.get': 'safe',
};
