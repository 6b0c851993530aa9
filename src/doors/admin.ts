/** The admin door, for operators: what this process is and how it is doing. */
import { createAnswer } from "./express-answer.ts";
import type { Door } from "./door.ts";

export const adminDoor: Door = {
  admits: "operator",
  routes: (site) => [
    {
      admits: "operator",
      path: "/admin/v1/status",
      methods: ["GET"],
      answer: createAnswer(site, (response) => void response.json(site.house.status())),
    },
  ],
};
