// What the page knows: the workspace as the sandbox tells it, and where this tab's person stands in it.

const MOST_EXCHANGES = 1000;
const MOST_REQUESTS = 300;

/**
 * The state of one tab. `on(topic, listener)` hears of changes; the topics are
 * `snapshot`, `users`, `channels`, `messages` (detail: channel), `ephemerals`, `status`, `views`, `homes`, `traffic`,
 * `requests`, `faults`, `endpoint`, `bot`, `online`, and `place` (who I am, where I look).
 */
export class Store {
  #listeners = new Map();
  #names = { text: "", version: 0 };

  constructor() {
    this.isReady = false;
    this.isOnline = false;
    this.users = new Map();
    this.channels = new Map();
    this.messages = new Map(); // channel id -> Map of ts -> message, in order of ts
    this.ephemerals = []; // { user, message }
    this.statuses = {}; // channel id -> thread ts -> text
    this.views = new Map();
    this.homes = new Map();
    this.traffic = [];
    this.requests = new Map();
    this.faults = [];
    // this tab: who I am, what I look at
    this.me = "";
    this.place = { channel: "", thread: "", tab: "messages" };
  }

  on(topics, listener) {
    for (const topic of topics.split(" ")) {
      if (!this.#listeners.has(topic)) this.#listeners.set(topic, new Set());
      this.#listeners.get(topic).add(listener);
    }
  }

  /** Hear of a topic until `listener` gives true. */
  once(topic, listener) {
    const hear = (detail) => {
      if (listener(detail)) this.#listeners.get(topic).delete(hear);
    };
    this.on(topic, hear);
  }

  #tell(topic, detail) {
    for (const listener of [...(this.#listeners.get(topic) ?? [])]) listener(detail);
  }

  setOnline(isOnline) {
    this.isOnline = isOnline;
    this.#tell("online");
  }

  /** Take a frame of the websocket. */
  apply(frame) {
    const takers = {
      snapshot: () => this.#takeSnapshot(frame),
      users: () => this.#setUsers(frame.users),
      channel: () => {
        this.channels.set(frame.channel.id, frame.channel);
        this.#rename();
        this.#tell("channels");
      },
      message: () => this.#putMessage(frame.message),
      gone: () => {
        this.messages.get(frame.channel)?.delete(frame.ts);
        this.#tell("messages", frame.channel);
      },
      ephemeral: () => {
        this.#dropEphemeral(frame.user, frame.message.ts);
        this.ephemerals.push({ user: frame.user, message: frame.message });
        this.#tell("ephemerals", frame.message.channel);
      },
      ephemeral_gone: () => {
        this.#dropEphemeral(frame.user, frame.ts);
        this.#tell("ephemerals");
      },
      status: () => {
        (this.statuses[frame.channel] ??= {})[frame.thread_ts] = frame.status;
        this.#tell("status", frame.channel);
      },
      view: () => {
        this.views.set(frame.view.id, frame.view);
        this.#tell("views");
      },
      view_gone: () => {
        this.views.delete(frame.id);
        this.#tell("views");
      },
      home: () => {
        this.homes.set(frame.user, frame.view);
        this.#tell("homes");
      },
      exchange: () => {
        this.traffic.push(frame.exchange);
        if (this.traffic.length > MOST_EXCHANGES) this.traffic.splice(0, this.traffic.length - MOST_EXCHANGES);
        this.#tell("traffic", frame.exchange);
      },
      request: () => {
        this.requests.set(frame.request.number, frame.request);
        if (this.requests.size > MOST_REQUESTS) this.requests.delete(this.requests.keys().next().value);
        this.#tell("requests", frame.request);
      },
      faults: () => {
        this.faults = frame.faults;
        this.#tell("faults");
      },
      endpoint: () => {
        this.endpoint = { ...this.endpoint, ...frame.endpoint };
        this.#tell("endpoint");
      },
      bot: () => {
        this.bot = frame.bot;
        this.#tell("bot");
      },
    };
    takers[frame.type]?.();
  }

  #takeSnapshot(frame) {
    // As in Slack, a reload ends what only I see; a lost connection does not.
    const isSameWorld = this.generation === frame.generation && this.beganAt === frame.began_at;
    Object.assign(this, {
      generation: frame.generation,
      beganAt: frame.began_at,
      team: frame.team,
      app: frame.app,
      commands: frame.commands,
      shortcuts: frame.shortcuts,
      statuses: frame.statuses,
      traffic: frame.traffic,
      faults: frame.faults,
      faultKinds: frame.fault_kinds,
      samples: frame.samples,
      endpoint: frame.endpoint,
      bot: frame.bot,
      limits: frame.limits,
    });
    this.users = byId(frame.users);
    this.channels = byId(frame.channels);
    this.views = byId(frame.views);
    this.homes = new Map(Object.entries(frame.homes));
    this.requests = new Map(frame.endpoint.requests.map((request) => [request.number, request]));
    if (!isSameWorld) this.ephemerals = [];
    this.messages = new Map(
      Object.entries(frame.messages).map(([channel, all]) => [channel, new Map(all.map((one) => [one.ts, one]))]),
    );
    this.#rename();
    this.isReady = true;
    this.#settle();
    this.#tell("snapshot");
  }

  #setUsers(users) {
    this.users = byId(users);
    this.#rename();
    this.#tell("users");
  }

  /** Take note where people or conversations are others, or are called otherwise, than before. */
  #rename() {
    const users = [...this.users.values()].map((one) => [one.id, one.real_name, one.name, one.is_guest]);
    const channels = [...this.channels.values()].map((one) => [one.id, one.name, one.kind, one.is_archived, one.members]);
    const text = JSON.stringify([this.generation, this.app.name, users, channels]);
    if (text !== this.#names.text) this.#names = { text, version: this.#names.version + 1 };
  }

  /** A short text that changes with what messages and blocks show of the workspace around them: names, who I am. */
  get around() {
    return `${this.#names.version} ${this.me}`;
  }

  #putMessage(message) {
    if (!this.messages.has(message.channel)) this.messages.set(message.channel, new Map());
    const all = this.messages.get(message.channel);
    const isLater = all.has(message.ts) || [...all.keys()].every((ts) => ts < message.ts);
    all.set(message.ts, message);
    if (!isLater) this.messages.set(message.channel, new Map([...all].sort(([one], [other]) => (one < other ? -1 : 1))));
    this.#tell("messages", message.channel);
  }

  #dropEphemeral(user, ts) {
    this.ephemerals = this.ephemerals.filter((one) => one.user !== user || one.message.ts !== ts);
  }

  /** Take a message that only I see away from this tab; the app does not hear of it. */
  dismissEphemeral(ts) {
    const found = this.ephemerals.find((one) => one.user === this.me && one.message.ts === ts);
    this.#dropEphemeral(this.me, ts);
    this.#tell("ephemerals", found?.message.channel);
  }

  // --- this tab -------------------------------------------------------------------------------

  /** Be somebody: another person of the workspace acts in this tab from now on. */
  become(user) {
    this.me = user;
    this.#settle();
    this.#tell("place");
  }

  /** Look somewhere: `{ channel, thread, tab }`; what is left out stays, but a new channel closes the thread. */
  go(place) {
    const isElsewhere = place.channel && place.channel !== this.place.channel;
    this.place = { ...this.place, ...(isElsewhere ? { thread: "", tab: "messages" } : {}), ...place };
    this.#settle();
    this.#tell("place");
  }

  /** Make sure that this tab's person and place exist, and that the person may look there. */
  #settle() {
    if (!this.isReady) return;
    const people = this.people();
    if (!people.some((one) => one.id === this.me)) this.me = people[0]?.id ?? "";
    const mine = this.conversations();
    if (!mine.some((one) => one.id === this.place.channel)) {
      this.place = { channel: mine[0]?.id ?? "", thread: "", tab: "messages" };
    }
    if (this.place.thread && !this.messages.get(this.place.channel)?.has(this.place.thread)) this.place.thread = "";
  }

  /** The people that a tab can act as. */
  people() {
    return [...this.users.values()].filter((user) => !user.is_bot && user.id !== "USLACKBOT");
  }

  /** The conversations that I can open: those that I am in, and all public channels, unless I am a guest. */
  conversations() {
    const isGuest = this.users.get(this.me)?.is_guest;
    return [...this.channels.values()].filter((one) => (one.kind === "channel" && !isGuest) || one.members.includes(this.me));
  }

  /** Whether I am in a conversation; who is not can read a public channel, but not write. */
  isIn(channelId) {
    return this.channels.get(channelId)?.members.includes(this.me) ?? false;
  }

  /** The name by which a conversation is shown: `#support`, a person's name for a DM. */
  channelName(channelId) {
    const channel = this.channels.get(channelId);
    if (!channel) return channelId;
    if (channel.kind === "channel" || channel.kind === "group") return `#${channel.name}`;
    const others = channel.members.filter((id) => id !== this.me);
    return others.map((id) => this.userName(id)).join(", ") || channel.name;
  }

  /** The name by which people call a user. */
  userName(userId) {
    const user = this.users.get(userId);
    return user ? user.real_name || user.name : userId;
  }

  /** What stands at top level in a conversation for me: messages and my ephemeral ones, oldest first. */
  channelMessages(channelId) {
    const all = [...(this.messages.get(channelId)?.values() ?? [])];
    const top = all.filter((one) => !one.thread_ts || one.thread_ts === one.ts || one.subtype === "thread_broadcast");
    return this.#withEphemerals(top, channelId, (message) => !message.thread_ts);
  }

  /** A thread: its parent, the replies, and what only I see of it, oldest first. */
  threadMessages(channelId, ts) {
    const all = [...(this.messages.get(channelId)?.values() ?? [])];
    const thread = all.filter((one) => one.ts === ts || one.thread_ts === ts);
    return this.#withEphemerals(thread, channelId, (message) => message.thread_ts === ts);
  }

  #withEphemerals(messages, channelId, belongs) {
    const mine = this.ephemerals
      .filter((one) => one.user === this.me && one.message.channel === channelId && belongs(one.message))
      .map((one) => ({ ...one.message, is_ephemeral: true }));
    return [...messages, ...mine].sort((one, other) => (one.ts < other.ts ? -1 : 1));
  }
}

function byId(list) {
  return new Map(list.map((one) => [one.id, one]));
}
