import { Link } from "@chakra-ui/react";
import { Link as RouterLink } from "react-router-dom";
import { BackIcon } from "./icons";
import { usePlaces } from "./places";

/** Link to the list, with the tab of this view selected. */
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
