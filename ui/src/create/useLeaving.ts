import { useCallback, useEffect, useRef, useState } from "react";
import { useBlocker } from "react-router-dom";

export interface Leaving {
  /** Whether somebody wants to leave and has to be asked. */
  asking: boolean;
  /** Leaves, asking first where something would be lost. */
  leave: (go: () => void) => void;
  /** Leaves without asking. */
  leaveAtOnce: (go: () => void) => void;
  onLeave: () => void;
  onStay: () => void;
}

/** Asks once before unsaved input is lost: by Cancel, by a link of Airflow, by Back, by closing the tab. */
export const useLeaving = (unsaved: boolean): Leaving => {
  const free = useRef(false);
  const [way, setWay] = useState<(() => void) | null>(null);
  const blocker = useBlocker(
    ({ currentLocation: from, nextLocation: to }) =>
      unsaved && !free.current && from.pathname + from.search !== to.pathname + to.search,
  );

  useEffect(() => {
    if (!unsaved) return undefined;
    const ask = (event: BeforeUnloadEvent) => free.current || event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [unsaved]);

  const leaveAtOnce = useCallback((go: () => void) => {
    free.current = true;
    go();
  }, []);
  return {
    asking: way !== null || blocker.state === "blocked",
    leave: (go) => (unsaved ? setWay(() => go) : leaveAtOnce(go)),
    leaveAtOnce,
    onLeave: () => leaveAtOnce(blocker.state === "blocked" ? blocker.proceed : (way ?? (() => undefined))),
    onStay: () => {
      setWay(null);
      blocker.reset?.();
    },
  };
};
