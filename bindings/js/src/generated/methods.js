// Generated from the definition in protocol/ by scripts/generate. Do not edit.

/** The methods of `rpc`. */
export class RpcMethods {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /** Gives the OpenRPC document of this API. */
  discover(params, options) {
    return this.#client.request('rpc.discover', params, options);
  }
}

/** The methods of `daemon`. */
export class DaemonMethods {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /** Reports the state of the daemon and all its subsystems. */
  status(params, options) {
    return this.#client.request('daemon.status', params, options);
  }

  /** Stops the daemon. */
  stop(params, options) {
    return this.#client.request('daemon.stop', params, options);
  }

  /**
   * Restarts the daemon in place, as the same process: it reads its program and its configuration
   * again. Running agents go on, queued tasks stay queued.
   */
  restart(params, options) {
    return this.#client.request('daemon.restart', params, options);
  }

  /** Reads the configuration again, and applies it as a whole or not at all. */
  reload(params, options) {
    return this.#client.request('daemon.reload', params, options);
  }

  /**
   * Pauses the queue: nothing is started until `daemon.resume`, over restarts as well. Running
   * tasks go on.
   */
  pause(params, options) {
    return this.#client.request('daemon.pause', params, options);
  }

  /** Resumes a queue that was paused or drained. */
  resume(params, options) {
    return this.#client.request('daemon.resume', params, options);
  }

  /**
   * Drains the queue: nothing is started, and running tasks go on to their ends. With `exit` the
   * daemon ends after the last of them.
   */
  drain(params, options) {
    return this.#client.request('daemon.drain', params, options);
  }

  /** Gives lines of the daemon's log: the last ones, or those after an earlier answer. */
  logs(params, options) {
    return this.#client.request('daemon.logs', params, options);
  }
}

/** The methods of `automation`. */
export class AutomationMethods {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /** Reports the state of all rules. */
  status(params, options) {
    return this.#client.request('automation.status', params, options);
  }

  /** Switches a rule on, or all of automation. The switch outlasts restarts. */
  enable(params, options) {
    return this.#client.request('automation.enable', params, options);
  }

  /** Switches a rule off, or all of automation. It lasts over restarts. */
  disable(params, options) {
    return this.#client.request('automation.disable', params, options);
  }

  /** Reports what the rules would do with an event, and changes nothing. */
  test(params, options) {
    return this.#client.request('automation.test', params, options);
  }
}

/** The methods of `event`. */
export class EventMethods {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /** Emits an event. */
  emit(params, options) {
    return this.#client.request('event.emit', params, options);
  }

  /** Lists events, the oldest first. */
  list(params, options) {
    return this.#client.request('event.list', params, options);
  }

  /** Pushes events to this connection as they happen. */
  subscribe(params, options) {
    return this.#client.request('event.subscribe', params, options);
  }

  /** Ends a subscription of this connection. */
  unsubscribe(params, options) {
    return this.#client.request('event.unsubscribe', params, options);
  }
}

/** The methods of `chat`. */
export class ChatMethods {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /** Sends a message to an agent: a task of higher priority, whose output is the answer. */
  send(params, options) {
    return this.#client.request('chat.send', params, options);
  }

  /**
   * Gives the last turns of a conversation, the oldest first; none if there is no such
   * conversation.
   */
  history(params, options) {
    return this.#client.request('chat.history', params, options);
  }

  /** Forgets a conversation: agents no longer get what was said in it. Its tasks stay. */
  clear(params, options) {
    return this.#client.request('chat.clear', params, options);
  }
}

/** The methods of `account`. */
export class AccountMethods {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /**
   * Lists the accounts that agents work with, as far as the user's daemons know something of them:
   * limits, refused logins, what is used up.
   */
  list(params, options) {
    return this.#client.request('account.list', params, options);
  }

  /**
   * Lifts what holds an account back: a limit, a share that is left to people, a refused login. Its
   * tasks start, here and in the user's other projects.
   */
  resume(params, options) {
    return this.#client.request('account.resume', params, options);
  }
}

/** The methods of `report`. */
export class ReportMethods {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /**
   * Reports what has happened since some moment: which tasks completed, failed and were cancelled,
   * why, and what they cost; and which run or wait, and for what.
   */
  get(params, options) {
    return this.#client.request('report.get', params, options);
  }
}

/** The methods of `schedule`. */
export class ScheduleMethods {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /** Lists the schedules, each with its last and its next firing. */
  list(params, options) {
    return this.#client.request('schedule.list', params, options);
  }

  /** Fires a schedule now, whether or not schedules are switched on. */
  run(params, options) {
    return this.#client.request('schedule.run', params, options);
  }
}

/** The methods of `task`. */
export class TaskMethods {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /** Submits a task. */
  submit(params, options) {
    return this.#client.request('task.submit', params, options);
  }

  /** Cancels a task that has not ended. */
  cancel(params, options) {
    return this.#client.request('task.cancel', params, options);
  }

  /** Cancels many tasks in one step: the named ones, or all that match and have not ended. */
  cancelMany(params, options) {
    return this.#client.request('task.cancelMany', params, options);
  }

  /** Holds a queued task back until `task.release`, or until a moment. */
  hold(params, options) {
    return this.#client.request('task.hold', params, options);
  }

  /**
   * Releases a task that is held by `task.hold`, or that is to start later. What else it waits for
   * stays.
   */
  release(params, options) {
    return this.#client.request('task.release', params, options);
  }

  /**
   * Changes a queued task: its prompt, priority, lane, or the time after which it is no longer
   * wanted.
   */
  edit(params, options) {
    return this.#client.request('task.edit', params, options);
  }

  /** Sends a message to the agent of a task that has not ended. */
  send(params, options) {
    return this.#client.request('task.send', params, options);
  }

  /** Takes a task over for a person: its session is the person's from when its agent has ended. */
  take(params, options) {
    return this.#client.request('task.take', params, options);
  }

  /**
   * Gives a task back that was taken over: its agent goes on in its session, or the task has
   * completed.
   */
  give(params, options) {
    return this.#client.request('task.give', params, options);
  }

  /** Lists tasks, the newest first. */
  list(params, options) {
    return this.#client.request('task.list', params, options);
  }

  /** Gives one task. */
  get(params, options) {
    return this.#client.request('task.get', params, options);
  }

  /**
   * Explains a task or an event: what led to it, from what came from outside on; or all that it led
   * to.
   */
  why(params, options) {
    return this.#client.request('task.why', params, options);
  }

  /** Counts the tasks by state, and sums up the usage of their agents. */
  stats(params, options) {
    return this.#client.request('task.stats', params, options);
  }

  /** Waits until a task has ended, in whatever state, and gives it. */
  wait(params, options) {
    return this.#client.request('task.wait', params, options);
  }

  /** Gives what a task's agent has written, from any byte on. */
  output(params, options) {
    return this.#client.request('task.output', params, options);
  }

  /** Submits a new task with the specification of an earlier one. */
  retry(params, options) {
    return this.#client.request('task.retry', params, options);
  }

  /**
   * Retries many tasks in one step: the named ones, or all that match, did not end as `completed`,
   * and were not retried before.
   */
  retryMany(params, options) {
    return this.#client.request('task.retryMany', params, options);
  }
}

/** The methods of `budget`. */
export class BudgetMethods {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /** Gives what agents have cost and what is left of the budgets: by day, rule and agent. */
  status(params, options) {
    return this.#client.request('budget.status', params, options);
  }
}

/** The methods of `messaging`. */
export class MessagingMethods {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /** Gives how each messaging platform stands whose token the daemon has. */
  status(params, options) {
    return this.#client.request('messaging.status', params, options);
  }

  /**
   * Sends a message to try out whether messages arrive, and says what is missing where it does not.
   */
  test(params, options) {
    return this.#client.request('messaging.test', params, options);
  }
}

/** The methods of `approval`. */
export class ApprovalMethods {
  #client;

  constructor(client) {
    this.#client = client;
  }

  /** Lists what people are asked for, the oldest first. */
  list(params, options) {
    return this.#client.request('approval.list', params, options);
  }

  /** Gives one of them, with the request and the decision. */
  get(params, options) {
    return this.#client.request('approval.get', params, options);
  }

  /** Approves a task, which may start then, or permits the use of a tool. */
  approve(params, options) {
    return this.#client.request('approval.approve', params, options);
  }

  /**
   * Rejects a task, which is cancelled then, refuses the use of a tool, or refuses to answer a
   * question.
   */
  reject(params, options) {
    return this.#client.request('approval.reject', params, options);
  }

  /** Answers the question of an agent. */
  answer(params, options) {
    return this.#client.request('approval.answer', params, options);
  }

  /** Asks a person a question, and waits for the answer. Only the agent of a task can ask. */
  ask(params, options) {
    return this.#client.request('approval.ask', params, options);
  }

  /**
   * Asks whether a tool may be used: first what was decided before, then a person. Only the agent
   * of a task can ask, about its own calls.
   */
  permission(params, options) {
    return this.#client.request('approval.permission', params, options);
  }
}

/** Every method of the daemon, by namespace. */
export class Methods {
  rpc = new RpcMethods(this);
  daemon = new DaemonMethods(this);
  automation = new AutomationMethods(this);
  event = new EventMethods(this);
  chat = new ChatMethods(this);
  account = new AccountMethods(this);
  report = new ReportMethods(this);
  schedule = new ScheduleMethods(this);
  task = new TaskMethods(this);
  budget = new BudgetMethods(this);
  messaging = new MessagingMethods(this);
  approval = new ApprovalMethods(this);

  /** Answers at once, which shows that the daemon is alive. */
  ping(params, options) {
    return this.request('ping', params, options);
  }
}
