// Generated from the definition in protocol/ by scripts/generate. Do not edit.

'use strict';

const { Methods, namespace } = require('../namespace.js');

// The verbs of each namespace; the declarations beside this file tell more.
class RpcMethods extends namespace('rpc', 'discover') {}
class DaemonMethods extends namespace(
  'daemon',
  'status',
  'stop',
  'restart',
  'reload',
  'pause',
  'resume',
  'drain',
  'logs',
) {}
class AutomationMethods extends namespace('automation', 'status', 'enable', 'disable', 'test') {}
class EventMethods extends namespace('event', 'emit', 'list', 'subscribe', 'unsubscribe') {}
class TopicMethods extends namespace('topic', 'list') {}
class ChatMethods extends namespace('chat', 'send', 'history', 'clear') {}
class AccountMethods extends namespace('account', 'list', 'resume') {}
class ReportMethods extends namespace('report', 'get') {}
class ScheduleMethods extends namespace('schedule', 'list', 'run') {}
class TaskMethods extends namespace(
  'task',
  'submit',
  'cancel',
  'cancelMany',
  'hold',
  'release',
  'edit',
  'send',
  'take',
  'give',
  'list',
  'get',
  'why',
  'stats',
  'wait',
  'output',
  'diff',
  'apply',
  'retry',
  'retryMany',
) {}
class WorkspaceMethods extends namespace('workspace', 'list', 'prune') {}
class HostMethods extends namespace('host', 'list', 'drain', 'lost') {}
class BudgetMethods extends namespace('budget', 'status') {}
class MetricsMethods extends namespace('metrics', 'get') {}
class MessagingMethods extends namespace('messaging', 'status', 'test') {}
class ApprovalMethods extends namespace(
  'approval',
  'list',
  'get',
  'approve',
  'reject',
  'answer',
  'ask',
  'permission',
) {}

/** Every method of the daemon, by namespace. */
class AllMethods extends Methods {
  rpc = new RpcMethods(this);
  daemon = new DaemonMethods(this);
  automation = new AutomationMethods(this);
  event = new EventMethods(this);
  topic = new TopicMethods(this);
  chat = new ChatMethods(this);
  account = new AccountMethods(this);
  report = new ReportMethods(this);
  schedule = new ScheduleMethods(this);
  task = new TaskMethods(this);
  workspace = new WorkspaceMethods(this);
  host = new HostMethods(this);
  budget = new BudgetMethods(this);
  metrics = new MetricsMethods(this);
  messaging = new MessagingMethods(this);
  approval = new ApprovalMethods(this);

  ping(params, options) {
    return this.request('ping', params, options);
  }
}

module.exports = {
  RpcMethods,
  DaemonMethods,
  AutomationMethods,
  EventMethods,
  TopicMethods,
  ChatMethods,
  AccountMethods,
  ReportMethods,
  ScheduleMethods,
  TaskMethods,
  WorkspaceMethods,
  HostMethods,
  BudgetMethods,
  MetricsMethods,
  MessagingMethods,
  ApprovalMethods,
  Methods: AllMethods,
};
