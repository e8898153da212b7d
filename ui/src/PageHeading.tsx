import { Flex, Heading } from "@chakra-ui/react";
import { type ReactNode, useEffect, useRef } from "react";
import { useLocation } from "react-router-dom";

let viewed: string | null = null; // the path of the last view: Airflow may mount the same view again

/** A view's heading. It gets the focus on navigation, so that a screen reader starts there. */
export function PageHeading({ title, children }: { title: string; children?: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { pathname } = useLocation();
  useEffect(() => {
    if (viewed !== null && viewed !== pathname) {
      heading.current?.focus();
    }
    viewed = pathname;
  }, [pathname]);
  useEffect(() => {
    const before = document.title;
    document.title = title === "Reports" ? "Reports - Airflow" : `${title} - Reports - Airflow`;
    return () => {
      document.title = before;
    };
  }, [title]);

  return (
    <Flex align="center" gap={3} justify="space-between" wrap="wrap">
      <Heading
        _focusVisible={{ outline: "2px solid", outlineColor: "colorPalette.focusRing", outlineOffset: "4px" }}
        as="h1"
        overflowWrap="anywhere"
        ref={heading}
        size="2xl"
        tabIndex={-1}
      >
        {title}
      </Heading>
      {children}
    </Flex>
  );
}
