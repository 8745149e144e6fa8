# Inclusion and joint probabilities by the R package sampling. Run: Rscript selection.R > selection.json
suppressMessages(library(sampling))
number <- function(x) paste0("[", paste(format(x, digits = 15, trim = TRUE, scientific = FALSE), collapse = ", "), "]")
table2 <- function(m) paste0("[", paste(apply(m, 1, number), collapse = ", "), "]")
cases <- list(
  seven = c(0.15, 0.25, 0.35, 0.45, 0.5, 0.6, 0.7),
  five = c(0.3, 0.9, 0.2, 0.25, 0.35),
  sized = inclusionprobabilities(c(12, 7, 31, 5, 9, 18, 26, 3), 3)
)
rows <- sapply(names(cases), function(name) {
  p <- cases[[name]]
  paste0('"', name, '": {"prob": ', number(p),
    ', "sampford": ', table2(UPsampfordpi2(p)),
    ', "conditional_poisson": ', table2(UPmaxentropypi2(p)),
    ', "systematic": ', table2(UPsystematicpi2(p)),
    ', "tille": ', table2(UPtillepi2(p)),
    ', "midzuno": ', table2(UPmidzunopi2(p)), "}")
})
size <- c(1, 2, 3, 4, 5, 60, 90)
cat('{"made_by": "', R.version.string, ", sampling ", as.character(packageVersion("sampling")), ", ", format(Sys.Date()), '",\n',
  '"inclusion": {"size": ', number(size), ', "n": 4, "prob": ', number(inclusionprobabilities(size, 4)), "},\n",
  paste(rows, collapse = ",\n"), "}\n", sep = "")
