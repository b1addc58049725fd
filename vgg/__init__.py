"""The network VGG-19, written out by hand, from the raw MatConvNet weights. Nothing here knows of style transfer.

Read in this order:

1. `layers`      the table of the 37 layers, conv1_1 … pool5, what each sees and how large its maps are
2. `network`     convolution, ReLU and pooling, and the forward pass: images → named feature maps
3. `normalize`   the paper's normalised network: every filter's mean activation is 1
4. `statistics`  sums over positions: Gram matrices and total variation
5. `deconvnet`   from one activation back to the pixels that caused it

In one line: `vgg.load.load_network()` returns the network with the best weights that are here.

Folders: `matfile` reads the `.mat` file into kernels, biases and mean colour; `microscope` is `python -m vgg`;
`optimize` and `tools` are what `transfer` uses too. `README.md` is a lesson that tries all of it out.
"""
