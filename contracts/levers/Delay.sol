// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// A fixture of ours: the queue of the Zodiac Delay modifier, written anew. What it executes is called from itself.
contract LeverDelay {
    address public owner = msg.sender;
    address public avatar;
    uint256 public txCooldown = 60;
    uint256 public txNonce;
    uint256 public queueNonce;
    mapping(uint256 => bytes32) public txHash;
    mapping(uint256 => uint256) public txCreatedAt;

    function setTxNonce(uint256 to) external {
        require(msg.sender == owner, "Ownable: caller is not the owner");
        require(to > txNonce, "New nonce must be higher than current txNonce");
        require(to <= queueNonce, "Cannot be higher than queueNonce");
        txNonce = to;
    }

    function execTransactionFromModule(address to, uint256 value, bytes calldata data, uint8 operation)
        external
        returns (bool)
    {
        txHash[queueNonce] = keccak256(abi.encodePacked(to, value, data, operation));
        txCreatedAt[queueNonce] = block.timestamp;
        queueNonce++;
        return true;
    }

    function executeNextTx(address to, uint256 value, bytes calldata data, uint8 operation) external {
        require(txNonce < queueNonce, "Transaction queue is empty");
        require(block.timestamp - txCreatedAt[txNonce] >= txCooldown, "Transaction is still in cooldown");
        bytes32 hash = keccak256(abi.encodePacked(to, value, data, operation));
        require(txHash[txNonce] == hash, "Transaction hashes do not match");
        txNonce++;
        (bool success,) = to.call{value: value}(data);
        require(success, "Module transaction failed");
    }
}
