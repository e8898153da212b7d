import { Link } from "@chakra-ui/react";
import { Link as RouterLink } from "react-router-dom";
import { BackIcon } from "./icons";
import { usePlaces } from "./places";

/** To the list, on the tab that the view belongs to. */
export function BackLink({ tab = "one_time" }: { tab?: "one_time" | "recurring" }) {
  const places = usePlaces();
  return (
    <Link alignSelf="start" asChild color="fg.muted" fontSize="sm">
      <RouterLink to={places.list(tab)}>
        <BackIcon />
        {tab === "recurring" ? "Recurring reports" : "Reports"}
      </RouterLink>
    </Link>
  );
}
