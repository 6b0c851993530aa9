/**
 * Answers of the reading doors, rendered by Express: JSON, ETag, 304 and HEAD. Routing and who may ask were settled
 * before, so each route is an application of one handler.
 */
import express, { type NextFunction, type Request, type Response } from "express";
import type { DoorSite, GuardedRoute } from "./door.ts";

/** A failure of `render`, thrown or rejected, is answered 500 without a word about why. */
export function createAnswer(
  site: DoorSite,
  render: (response: Response) => void | Promise<void>,
): GuardedRoute["answer"] {
  const app = express();
  app.disable("x-powered-by");
  app.set("query parser", false);
  app.use((_request: Request, response: Response) => {
    response.set({ "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff" });
    return render(response);
  });
  app.use((cause: unknown, _request: Request, response: Response, _next: NextFunction) => {
    site.answers.fail(response, cause);
  });
  return (request, response) => {
    app(request, response);
  };
}
