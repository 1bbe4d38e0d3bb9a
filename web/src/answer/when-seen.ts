/** Tells a part once that the reader has come to it. */
export function whenSeen(tell: () => void): (element: Element) => () => void {
  return (element) => {
    const observer = new IntersectionObserver((entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      tell();
    });
    observer.observe(element);
    return () => observer.disconnect();
  };
}
