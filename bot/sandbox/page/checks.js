// What may be shared, and the line that says why not: what is wrong, and what to do.

import { sizeWords } from "./measure.js";

export const MOST_FILES = 10;
const GIGABYTE = 1024 ** 3;

/** Say why `file` cannot be shared; empty where it can. Reads a little of it, since only that shows whether it can be read. */
export async function whyNotShared(file, mostBytes = GIGABYTE) {
  if (file.size > mostBytes) {
    const [has, most] = [sizeWords(file.size), sizeWords(mostBytes).replace(".0 ", " ")];
    const how = has.replace(".0 ", " ") === most ? `is a little over ${most}` : `has ${has}`;
    return `“${file.name}” ${how}; Slack and this sandbox take files up to ${most}. Cut it or compress it.`;
  }
  if (!(await isReadable(file))) {
    return `“${file.name}” cannot be read any more: it was moved, changed or deleted, or it is a folder. Choose it again.`;
  }
  if (file.size === 0) return `“${file.name}” is empty (0 bytes), so there is nothing to share. Choose another file.`;
  return "";
}

/** Say whether the bytes of a chosen file are still there as they were chosen. */
export async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** The line for a folder. */
export function folderLine(name) {
  return `“${name}” is a folder, and Slack takes only files. Open it and drop the files in it.`;
}

/** The line for files beyond the most that a message can have. */
export function tooManyLine(names) {
  const [first, ...rest] = names;
  const others = rest.length ? ` and ${rest.length} more` : "";
  const were = rest.length ? "were" : "was";
  return `Slack takes at most ${MOST_FILES} files in a message: “${first}”${others} ${were} left out. Send these first, then the rest.`;
}

/** Say why files cannot go into one message together; empty where they can. */
export function whyNotTogether(files, mostBytes = GIGABYTE) {
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  if (bytes <= mostBytes) return "";
  const most = sizeWords(mostBytes).replace(".0 ", " ");
  return `These files have ${sizeWords(bytes)} together; Slack and this sandbox take up to ${most} in one go. Remove one and send it later.`;
}

/** Say why this tab's person cannot share into a conversation; empty where they can. */
export function whyNotHere(store, channelId) {
  const channel = store.channels.get(channelId);
  if (!channel) return "Open a conversation first, then share files there.";
  if (channel.is_archived) return `${store.channelName(channelId)} is archived: nothing can be shared there any more.`;
  if (store.isIn(channelId)) return "";
  return `You are not in ${store.channelName(channelId)}, so you cannot share files there. Join it first, or act as somebody who is in it.`;
}

/** Say in words why an upload did not end well; `error` is a `Refused`, `isAllSent` says that every byte had left. */
export function refusalLine(error, isAllSent = false) {
  const again = "Nothing is lost: press Send to try again.";
  switch (error.code) {
    case "aborted":
      if (isAllSent) return "Stopped, but all of it had been sent: it may have been shared. Look before you press Send again.";
      return "Stopped. What you chose is still here: press Send to share it after all.";
    case "unreachable":
      return `The sandbox could not be reached. Is it still running in the terminal? ${again}`;
    case "unreadable":
      return `${error.message} ${again}`;
    default:
      return `Not shared: ${String(error.rule || error.code || error.message).replace(/[.\s]*$/, "")}. What you chose is still here.`;
  }
}
